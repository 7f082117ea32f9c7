/** Header that carries a start's signature. */
export const SIGNATURE_HEADER = 'orch-signature';
