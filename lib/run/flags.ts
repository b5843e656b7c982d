/** A flag of the command line. */
export interface Flag {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: boolean;
  /** What stands for the value in help texts. */
  readonly value?: string;
  readonly help: string;
}

/** Every flag of every command, by name, in the order in which help texts list them. */
export const flags = {
  project: { type: "string", value: "DIR", help: "the project's folder (default: the nearest one, upwards)" },
  yes: {
    type: "string",
    short: "y",
    value: "[=TASK,…]",
    help: "answer yes to all questions, or to those of these tasks",
  },
  "dry-run": { type: "boolean", short: "n", help: "show the plan and run nothing" },
  "passphrase-file": {
    type: "string",
    value: "FILE",
    help: "read the passphrase from a file that only you can read",
  },
  "passphrase-fd": { type: "string", value: "N", help: "read the passphrase from an open file descriptor" },
  "passphrase-command": {
    type: "string",
    value: "CMD",
    help: "read the passphrase from a program's output, such as 'pass show tazpod' (no shell runs it)",
  },
  "new-passphrase-file": { type: "string", value: "FILE", help: "read the new passphrase from a file" },
  part: {
    type: "string",
    multiple: true,
    value: "NAME[,NAME…]",
    help: "open only these parts of the vault, or open them too if it is open",
  },
  "in-shell": { type: "boolean", help: "run the command in the shell's container, not in one of its own" },
  env: {
    type: "string",
    multiple: true,
    value: "VAR=PATH",
    help: "pass the content of a file in the vault to CMD as a variable; its output is masked",
  },
  // not --env-file, which Node 20 takes for its own wherever it stands
  dotenv: {
    type: "string",
    multiple: true,
    value: "PATH",
    help: "pass the variables of a dotenv file in the vault to CMD; its output is masked",
  },
  offline: { type: "boolean", help: "do not contact the remote; push at a later enter" },
  at: { type: "string", value: "N|TIME", help: "which copy of the history to restore" },
  changes: { type: "boolean", help: "show the names that each copy added (+), changed (~) or removed (-)" },
  all: { type: "boolean", help: "show all, not only the newest 20" },
  show: { type: "boolean", help: "change nothing; exit code 3 if the project is not trusted" },
  revoke: { type: "boolean", help: "withdraw the trust" },
  graph: {
    type: "string",
    value: "FORMAT",
    help: "print a graph of the tasks instead: mermaid, dot, or svg (needs Graphviz)",
  },
  short: { type: "boolean", help: "one line for a shell prompt, read from files alone" },
  policy: { type: "boolean", help: "print the rules, and which one decided about each request" },
  minutes: {
    type: "string",
    value: "N",
    help: "also allow the same command with the same files for this time, 1 to 60",
  },
  always: { type: "boolean", help: "do not ask about this command again in this session" },
  "read-data": { type: "boolean", help: "also open the sealed vault to its last byte, in memory" },
  discard: { type: "boolean", help: "drop unsaved work" },
  "skip-unreadable": {
    type: "boolean",
    help: "save without files that cannot be read, keep changing or are not regular files; they are listed",
  },
  idle: {
    type: "boolean",
    help: "only if the container is idle; otherwise say why it stays, with exit code 0",
  },
  force: { type: "boolean", short: "f", help: "override a refusal that protects something" },
  remote: {
    type: "string",
    value: "URL",
    help: "where the vault is kept: s3://BUCKET[/KEY], a folder, or none",
  },
  region: { type: "string", value: "REGION", help: "the region of the bucket (default: eu-central-1)" },
  image: { type: "string", value: "IMAGE", help: "the container's image (default: tazzo/tazpod-ai:latest)" },
  build: { type: "string", value: "DOCKERFILE", help: "build the image from this Dockerfile" },
  user: {
    type: "string",
    value: "USER",
    help: "init: the user of the shell (default: tazpod); setup-cluster: the user who gets the rights",
  },
  group: { type: "string", value: "GROUP", help: "the group of the cluster's users that gets the rights" },
  "service-account": {
    type: "string",
    value: "NS:NAME",
    help: "the service account that gets the rights, with its namespace",
  },
  engine: {
    type: "string",
    value: "ENGINE",
    help: "auto, docker, podman, namespace, process or kubernetes (default: auto)",
  },
  "from-devcontainer": { type: "boolean", help: "use .devcontainer/devcontainer.json" },
  "no-devcontainer": { type: "boolean", help: "ignore devcontainer.json and Dockerfiles" },
  json: { type: "boolean", help: "print results as JSON on stdout" },
  verbose: {
    type: "boolean",
    short: "v",
    help: "show what is checked, what is found, and why each step runs",
  },
  quiet: { type: "boolean", short: "q", help: "show failures only" },
  help: { type: "boolean", short: "h", help: "show help; `tazpod COMMAND --help` for one command" },
  version: { type: "boolean", short: "V", help: "show the version" },
} as const satisfies Readonly<Record<string, Flag>>;

export type FlagName = keyof typeof flags;

/** The sources of a passphrase. */
export const passphraseFlags = [
  "passphrase-file",
  "passphrase-fd",
  "passphrase-command",
] as const satisfies readonly FlagName[];

/** The flags of every run: how questions are answered and how it reports. Tasks declare all others. */
export const runFlags = [
  "project",
  "yes",
  "dry-run",
  ...passphraseFlags,
  "json",
  "verbose",
  "quiet",
] as const satisfies readonly FlagName[];

/** Returns how a flag is written in help texts: `-y, --yes[=TASK,…]`. */
export function flagUsage(name: FlagName): string {
  const { short, value }: Flag = flags[name];
  const separator = value === undefined || value.startsWith("[=") ? "" : " ";
  return `${short === undefined ? "" : `-${short}, `}--${name}${separator}${value ?? ""}`;
}

/** One help line for each flag: how it is written, and what it does. */
export function flagLines(names: readonly FlagName[]): string[] {
  const listed = (Object.keys(flags) as FlagName[]).filter((name) => names.includes(name));
  const width = Math.min(26, Math.max(0, ...listed.map((name) => flagUsage(name).length)));
  return listed.map((name) => {
    const usage = flagUsage(name);
    const gap = usage.length > width ? `\n${" ".repeat(width + 4)}` : " ".repeat(width - usage.length + 2);
    return `  ${usage}${gap}${flags[name].help}`;
  });
}
