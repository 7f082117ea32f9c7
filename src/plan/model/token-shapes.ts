/**
 * Tokens that are known by their looks, so that they are hidden also where no plan declares them. As the documentation
 * of each issuer describes them; those whose looks are shared with ordinary text are left out.
 *
 * Each ends after a bounded number of characters: a stream is searched in pieces.
 */
export const TOKEN_SHAPES: readonly string[] = [
  // GitHub: personal, OAuth, user-to-server, server-to-server and refresh tokens, and fine-grained ones
  'gh[pousr]_[A-Za-z0-9]{36,255}',
  'github_pat_[A-Za-z0-9_]{22,255}',
  // GitLab
  'glpat-[A-Za-z0-9_-]{20,255}',
  // AWS access key ids, lasting and temporary
  '\\b(?:AKIA|ASIA)[A-Z0-9]{16}\\b',
  // Slack tokens and webhooks
  'xox[abeoprs]-[A-Za-z0-9-]{10,255}',
  'hooks\\.slack\\.com/services/[A-Za-z0-9]{5,64}/[A-Za-z0-9]{5,64}/[A-Za-z0-9]{10,128}',
  // OpenAI, Anthropic and others that took over the prefix
  '\\bsk-[A-Za-z0-9_-]{20,255}',
  // Stripe
  '\\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}',
  // Google API keys
  '\\bAIza[A-Za-z0-9_-]{35}',
  // Google OAuth access tokens
  '\\bya29\\.[A-Za-z0-9_-]{20,1024}',
  // Groq, xAI
  '\\bgsk_[A-Za-z0-9]{20,255}',
  '\\bxai-[A-Za-z0-9]{20,255}',
  // npm, PyPI
  '\\bnpm_[A-Za-z0-9]{36}',
  'pypi-AgE[A-Za-z0-9_-]{50,512}',
  // Hugging Face
  '\\bhf_[A-Za-z0-9]{34,64}',
  // JSON Web Tokens (RFC 7519): two JSON objects and a signature
  '\\beyJ[A-Za-z0-9_-]{8,2048}\\.eyJ[A-Za-z0-9_-]{8,2048}\\.[A-Za-z0-9_-]{8,1024}',
];

/** At least one of these stands in whatever has one of these shapes: to look for them first is many times quicker. */
export const TOKEN_HINTS: readonly string[] = [
  'ghp_',
  'gho_',
  'ghu_',
  'ghs_',
  'ghr_',
  'github_pat_',
  'glpat-',
  'AKIA',
  'ASIA',
  'xox',
  'hooks.slack.com/',
  'sk-',
  'k_live_',
  'k_test_',
  'AIza',
  'ya29.',
  'gsk_',
  'xai-',
  'npm_',
  'pypi-AgE',
  'hf_',
  '.eyJ',
];
