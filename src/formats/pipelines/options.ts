/** What may be said about a file of pipelines besides what is in it. */
export interface PipelinesOptions {
  /** Id of the pipeline to run; default: the one that the file names. */
  pipeline?: string;
  /** What the run is for. */
  task?: string;
  /** `mcp` or `cloud`, for all stages. */
  executionMode?: string;
  /** The same as a yes or no. */
  cloud?: boolean;
  /** The folder that stages run in, absolute: that of the file. Default: where the run was started. */
  root?: string;
  /** Folder of the tool that the file was written for, where it is installed. */
  packageRoot?: string;
  /** The environment of whoever reads the file. It is looked into, never changed. */
  env?: Readonly<Record<string, string | undefined>>;
  /** True where nothing is to be run, so that a file that leaves open what to run is right, too. */
  checkOnly?: boolean;
}
