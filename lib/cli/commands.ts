import { type FlagName, passphraseFlags, runFlags } from "../run/flags.js";

/** One row of the command table. Parsing, refusals, help texts and the README's list come from it. */
export interface Command {
  /** One word, or two for a command of a command: `vault ls`. */
  readonly name: string;
  /** The words it takes, as help shows them: `NAME`, `[NAME]`; empty for none. */
  readonly words: string;
  readonly summary: string;
  /** The part of its help after the summary. */
  readonly details?: string;
  readonly examples?: readonly string[];
  /** Flags that it accepts besides --help. */
  readonly flags: readonly FlagName[];
  /** Also accepts the flags of the tasks it runs, and a command after `--`. */
  readonly runsTasks?: boolean;
}

const vaultFlags = ["project", "json", ...passphraseFlags] as const;

export const commands = [
  {
    name: "run",
    words: "NAME…",
    summary: "reach a goal (enter), or run tasks after the tasks they need",
    details: `A task that you name always runs, so \`tazpod run pull\` pulls again; the tasks it needs run only if their
result is missing. \`tazpod NAME\` is short for \`tazpod run NAME\`, and \`tazpod\` for \`tazpod run enter\`.
With \`enter\`, the command after -- runs in place of a shell, and its exit code is passed on. Other tasks take the words
after -- as arguments, and NAME=VALUE sets a variable. Several goals and tasks run in order.
\`tazpod list\` shows the goals and tasks, and \`tazpod NAME --help\` the flags of one.`,
    examples: [
      "tazpod run enter",
      "tazpod run enter --yes --passphrase-file ~/.pass -- sh -c 'ls ~/secrets'",
      "tazpod run with prod --env API_KEY=prod/api-key -- deploy",
      "tazpod run with prod --dotenv prod/.env -- deploy",
      "tazpod run lock --discard",
      "tazpod run lint deploy api env=prod -- --verbose",
    ],
    flags: runFlags,
    runsTasks: true,
  },
  {
    name: "plan",
    words: "[NAME…]",
    summary: "show what `run NAME` would do, and why; only checks run",
    details: `  =  holds already        +  would run           ?  depends on what earlier steps find
  ~  runs afterwards      !  cannot be met       -  declined

--graph prints all tasks that lead there, with the facts between them, for Mermaid or Graphviz.`,
    flags: [...runFlags, "graph"],
    runsTasks: true,
  },
  {
    name: "list",
    words: "",
    summary: "list the goals and tasks of this project",
    flags: ["project", "json"],
  },
  {
    name: "status",
    words: "",
    summary: "show the state of the project, open shells, and the last push or pull",
    details: `Asks the engine, but not the network. --short prints one line for a shell prompt, from files alone, and nothing
outside a project: \`lab locked\`, \`lab open\`; \`open?\` if no shell has the vault open, so that it may have been closed
from inside; \`*\` for unsaved work, as far as the open shells know; \`↑\` for a vault that was not pushed; \`?2\` for two
requests of programs in the container that wait for an answer.`,
    flags: ["project", "short", "json"],
  },
  {
    name: "doctor",
    words: "",
    summary: "find problems that would stop `enter`, and show how to fix them",
    details: `Checks the host, the engine, the project, its remote and its vault. Changes nothing, runs nothing of the project's
own, and asks no questions; every check has a time limit. If the project is not trusted yet, its remote is not contacted.

  =  good        -  should be better        !  would stop \`tazpod enter\`        ?  unknown

Exit code 3 if something would stop \`enter\`, else 0.`,
    flags: ["read-data", "offline", "yes", ...vaultFlags],
  },
  {
    name: "history",
    words: "",
    summary: "list the copies of the vault that the remote keeps, newest first",
    details: `Shows number, time (UTC), host, generation and size. --changes takes the passphrase and fetches every copy shown;
their content stays in the memory of this process. \`tazpod run restore --at N\` restores a copy as a new generation.`,
    flags: ["changes", "all", ...vaultFlags],
  },
  {
    name: "audit",
    words: "",
    summary: "show what programs in the container requested and who allowed it, and check the log",
    details: `The log of this project on this host, oldest first. Each entry has the hash of the one before, and each save puts
the last one's into the vault. --json prints the lines as they are stored; the result of the check is then on stderr.

Exit code 3 if an entry was changed or removed, or the log does not lead to what the vault recorded; else 0.`,
    examples: ["tazpod audit --all", "tazpod audit --json > audit.jsonl"],
    flags: ["all", "project", "json"],
  },
  {
    name: "vault ls",
    words: "",
    summary: "list names, sizes and times of the files in the sealed vault",
    flags: vaultFlags,
  },
  {
    name: "vault cat",
    words: "PATH",
    summary: "write one file of the sealed vault to stdout",
    details: `The whole vault is read and checked first. On a terminal, control characters are shown as \ufffd.`,
    examples: ["tazpod vault cat prod/api-key | wl-copy"],
    flags: ["project", ...passphraseFlags],
  },
  {
    name: "vault set",
    words: "PATH",
    summary: "store stdin, or a value typed without echo, as a file of the vault; no container is needed",
    details: `Every byte of stdin is stored, also a newline at its end. A new file has mode 0600, an existing one keeps its mode.
An empty value, as of a command that failed, needs --force. A file that is open in a container is changed there instead.`,
    examples: ["tazpod vault set prod/api-key", "openssl rand -hex 32 | tazpod vault set prod/session-key"],
    flags: ["force", ...vaultFlags],
  },
  {
    name: "vault edit",
    words: "PATH",
    summary: "change a file of the vault, or make one, with $VISUAL, $EDITOR or vi; no container is needed",
    details: `The editor works on a file in a private folder in RAM, which is removed when it ends; without such a folder, as on
macOS, \`edit\` is refused. vim keeps its other copies there or makes none; an editor with a window may keep some
elsewhere. Nothing is changed if the editor fails or the file stays the same.`,
    examples: ["tazpod vault edit .aws/config", "EDITOR='code --wait' tazpod vault edit notes.md"],
    flags: ["force", ...vaultFlags],
  },
  {
    name: "vault rm",
    words: "PATH",
    summary: "remove a file from the vault, or with --force a folder with everything in it; asks first",
    flags: ["yes", "force", ...vaultFlags],
  },
  {
    name: "vault verify",
    words: "",
    summary: "read the whole sealed vault and report whether it is intact",
    flags: vaultFlags,
  },
  {
    name: "vault diff",
    words: "",
    summary: "compare the open vault with the sealed one: + added, ~ changed, - removed; names only",
    flags: ["skip-unreadable", ...vaultFlags],
  },
  {
    name: "vault export",
    words: "",
    summary: "write the content as a plain tar to stdout; refused on a terminal",
    examples: ["tazpod vault export | tar -C /dev/shm/secrets -xf -"],
    flags: ["project", ...passphraseFlags],
  },
  {
    name: "vault import",
    words: "FILE",
    summary: "make a new vault from a folder, a tar archive, or one file such as .env",
    details: `An existing vault is replaced only with --force, and is then kept as vault.tar.aes.bak-N.`,
    examples: ["tazpod vault import ~/old-secrets", "tazpod vault import .env"],
    flags: ["force", "skip-unreadable", ...vaultFlags],
  },
  {
    name: "requests",
    words: "",
    summary: "show what programs in the container ask to have run, and answer on a terminal",
    details: `On a terminal it is a live list: Enter opens a request, and its page shows all of it. Keys there: o allows it once,
m also the same command with the same files for some minutes, n denies it, s also stops asking in this session, d shows the
difference since the last commit. Only a key answers, and each allowance needs a second one. Without a terminal, or with
--json, the requests are printed once. No passphrase is needed and nothing of the project runs.`,
    flags: ["policy", "project", "json"],
  },
  {
    name: "approve",
    words: "ID",
    summary: "allow a waiting request once, or with --minutes also the same command with the same files",
    examples: ["tazpod approve k7p2", "tazpod approve k7p2 --minutes 10"],
    flags: ["minutes", "project", "json"],
  },
  {
    name: "deny",
    words: "ID",
    summary: "deny a waiting request, or stop the command of one that was allowed",
    flags: ["always", "project", "json"],
  },
  {
    name: "setup-cluster",
    words: "",
    summary: "print the rights that `engine: kubernetes` needs, as YAML, and apply them with a yes",
    details: `Prints the namespace, a role with the least rights that this project's settings need, and its binding to one
user, group or service account of the cluster. Without a name it is the user that kubectl logs in as, which kubectl and the
cluster tell from version 1.28 on. It asks only on a terminal; --yes applies without asking.`,
    examples: [
      "tazpod setup-cluster --user jane@example.com",
      "tazpod setup-cluster --group developers --yes",
      "tazpod setup-cluster --service-account ci:builder | kubectl apply -f -",
    ],
    flags: ["yes", "user", "group", "service-account", "project"],
  },
  {
    name: "trust",
    words: "",
    summary: "show what the project overrides, and trust it on this host",
    details: `A project's settings, recipe, scripts and programs run near your passphrase. Every command that runs any of them
asks once in each folder, and again after a change, showing the difference. --yes answers only here, not in other commands.
Without a terminal, TAZPOD_TRUST holds the hash that is shown (or several, with commas), or \`all\`.`,
    flags: ["yes", "show", "revoke", "project", "json"],
  },
  {
    name: "completion",
    words: "bash|zsh|fish",
    summary: "print the script that completes command lines of tazpod in a shell",
    details: `It asks tazpod for commands, goals, tasks, flags and parts of the project you are in. A project that is not trusted
adds nothing. Add the line for your shell to ~/.bashrc, ~/.zshrc (after compinit) or ~/.config/fish/config.fish.`,
    examples: [
      'eval "$(tazpod completion bash)"',
      'eval "$(tazpod completion zsh)"',
      "tazpod completion fish | source",
    ],
    flags: [],
  },
  {
    name: "help",
    words: "[NAME]",
    summary: "show this text, or the help of a command, goal or task",
    flags: ["project"],
  },
] as const satisfies readonly Command[];

export type CommandName = (typeof commands)[number]["name"];

/** Tasks that the general help lists; the recipe has the others. */
export const listedTasks: readonly (readonly [string, string])[] = [
  ["init", "create a project in this folder; asks for the vault's location, the image and the engine"],
  ["login", "log in to AWS in a browser on any device; `tazpod logout` ends the login"],
  ["pull", "fetch the vault from the remote"],
  ["push", "upload the vault to the remote"],
  ["save", "seal the open vault"],
  ["lock", "save the vault and wipe it from the container's RAM"],
  ["with PART -- CMD", "run one command with one part of the vault"],
  ["merge", "merge the vault here with one that another host pushed"],
  ["restore --at N", "restore a copy from the history"],
  ["setup-storage", "create the bucket, private and encrypted, and print a minimal IAM policy"],
  ["down", "save, lock, then stop and remove the container (--idle: only an idle one)"],
];

/** Returns the command at the start of `words`, and the words after its name. */
export function findCommand(
  words: readonly string[],
):
  | { readonly command: Command & { readonly name: CommandName }; readonly rest: readonly string[] }
  | undefined {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(" ");
    const command = commands.find((one) => one.name === name && words.length >= length);
    if (command) return { command, rest: words.slice(length) };
  }
  return undefined;
}

/** The first words of all commands. */
export const commandNames: readonly string[] = [
  ...new Set(commands.map(({ name }) => name.split(" ")[0] ?? name)),
];

/** Returns the name for the compiled code of a command line: the command, or `run`, which `enter` is a case of its own of. */
export function codeName(args: readonly string[]): string {
  const [word = ""] = args;
  if (args.includes("enter") && word !== "plan") return "enter";
  return commandNames.includes(word) ? word : "run";
}
