/** Codes of what the system refused, and is neither orch's mistake nor a matter of the service. */
export const SYSTEM_ERROR_CODES = ['disk_full', 'too_many_open_files', 'file_error'] as const;

interface SystemError {
  code: (typeof SYSTEM_ERROR_CODES)[number];
  hint: string;
}

const FULL = {
  code: 'disk_full',
  hint: 'free some space (orch prune), or set ORCH_STATE_DIR to another disk',
} as const;
const MANY = { code: 'too_many_open_files', hint: 'raise the limit and try again: ulimit -n 4096' } as const;
const FILE = {
  code: 'file_error',
  hint: 'check that path: its type, its owner and its permissions',
} as const;

const CAUSES: Readonly<Record<string, SystemError>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EMFILE: MANY,
  ENFILE: MANY,
  EACCES: FILE,
  EPERM: FILE,
  EROFS: FILE,
  ENOTDIR: FILE,
  EISDIR: FILE,
  ELOOP: FILE,
  ENAMETOOLONG: FILE,
  EIO: FILE,
};

/** What an error of the system comes to; undefined where it is of another kind, and may well be a bug. */
export function systemErrorOf(error: unknown): SystemError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, syscall } = error as NodeJS.ErrnoException;
  return code !== undefined && syscall !== undefined ? CAUSES[code] : undefined;
}
