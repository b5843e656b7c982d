/** Texts of `--help`. Nothing but text, so that help is there at once. */
const general = `tazpod: your shell and your secrets on any host

Usage: tazpod [COMMAND] [OPTIONS] [-- CMD…]

  tazpod                    the same as \`tazpod run enter\`
  tazpod run NAME           bring about a goal, or run one task with what it needs
  tazpod NAME               short for \`tazpod run NAME\`: tazpod pull, tazpod lock, …
  tazpod plan [NAME]        what \`run NAME\` would do, and why; runs only checks
  tazpod list               the goals and tasks of this project
  tazpod status             what holds here, who has a shell open, the last push or pull; --short for a prompt
  tazpod doctor             what would keep \`enter\` from its shell, or is not as it should be, and what to do
  tazpod history            the copies of the vault that the remote keeps; --changes, --all
  tazpod vault ls           what is in the sealed vault; also verify, diff, export, import
  tazpod run with PART -- CMD  run one command with a part of the vault
  tazpod init               make a project of this folder; asks where the vault is kept, which image, which engine
  tazpod login              log in to AWS, in a browser here or elsewhere; \`tazpod logout\` forgets that
  tazpod trust              what this project overrides, and whether it is trusted on this host
  tazpod down               save, lock, then stop and remove the container

Options:
  --project DIR             the project's folder (default: found from here upwards)
  -y, --yes[=TASK,…]        answer yes to the confirms: all, or those of these tasks
  -n, --dry-run             with run: show the plan, run nothing
  --passphrase-file FILE    read the passphrase from a file that only you can read
  --passphrase-fd N         … from an open file descriptor
  --passphrase-command CMD  … from what a program prints (no shell is involved)
  --new-passphrase-file F   with passwd and upgrade: the passphrase that is to be
  --part NAME[,NAME…]       open only these parts of the vault, or these, too, where it is open
  --in-shell                for with: in the shell's container, not in one of its own
  --env VAR=PATH            before -- CMD: what is in that file of the vault as a variable of CMD, masked in its output
  --offline                 ask the remote nothing: open the vault that is here, and push at a later enter
  --at N|TIME               with restore: which copy of the history
  --discard                 with lock and down: drop unsaved work
  --skip-unreadable         save without what cannot be read, changes all the time, or is no file; it is named
  -f, --force               with pull: replace a vault that was not pushed (a copy is kept);
                            with lock: end the processes in the container that still have files of the vault open;
                            with login: log in anew
  --json                    machine-readable results on stdout
  -v, --verbose             say what is checked, what is found, and why each step runs
  -h, --help                this text; \`tazpod COMMAND --help\` for one command
  -V, --version

Exit codes: 0 done, 1 failed, 2 usage or recipe error, 3 a precondition does not hold,
4 an answer was needed and nobody could give it, 5 conflict, 130 interrupted;
\`enter -- CMD\` passes CMD's own code on.
`;

const commands: Readonly<Record<string, string>> = {
  run: `Usage: tazpod run NAME [OPTIONS] [-- CMD…]

Brings about a goal (\`enter\`), or runs one task with what it needs. A task named here runs whatever
its facts say, so \`tazpod run pull\` refreshes; what it needs runs only if it is missing.
With \`enter\`, what follows \`--\` is run in place of a shell, and its exit code is passed on.

  -y, --yes[=TASK,…]  -n, --dry-run  --passphrase-file FILE  --passphrase-fd N
  --passphrase-command CMD  --offline  --discard  --skip-unreadable  -f, --force  --json
  -v, --verbose  --project DIR

  tazpod run enter
  tazpod run enter --yes --passphrase-file ~/.pass -- sh -c 'ls ~/secrets'
  tazpod run with prod --env API_KEY=prod/api-key -- deploy
  tazpod run lock --discard
`,
  plan: `Usage: tazpod plan [NAME] [--json] [--project DIR]

Shows what \`tazpod run NAME\` (enter, if not named) would do, each step with its reason. Only checks run.

  =  holds already        +  would run           ?  depends on what is found on the way
  ~  afterwards, always   !  cannot be met       -  declined
`,
  list: `Usage: tazpod list [--json] [--project DIR]

Lists the goals and tasks of the recipe here, with the file each comes from where it is the project's own.
`,
  status: `Usage: tazpod status [--short] [--json] [--project DIR]

Says which facts hold here, which processes have a shell open, and when, with what and written by whom this host last pushed
or pulled. Asks the engine, but not the network.

  --short  one line for a prompt, from files alone, and nothing where there is no project:
           \`lab locked\`, \`lab open\`; \`open?\` where no shell has it open, so that it may have been closed from inside;
           \`*\` there is unsaved work, as the open shells have seen it; \`↑\` the sealed vault waits for a push
`,
  doctor: `Usage: tazpod doctor [--read-data] [--offline] [--json] [OPTIONS]

Looks at the host, the engine, the project, its remote and its vault, and says what is wrong and what to do. It changes
nothing, runs nothing of the project's own, and asks nobody; each check ends by itself. Where the project is not trusted yet,
its remote is not asked.

  =  good        -  not as it should be        !  would keep \`tazpod enter\` from its shell        ?  could not be told

  --read-data  open the sealed vault to its last byte, too, in memory; that takes the passphrase
  --offline    ask an S3 remote nothing

  --passphrase-file FILE  --passphrase-fd N  --passphrase-command CMD  --json  --project DIR

Exit code 3 where something would keep \`enter\` from its shell, else 0.
`,
  history: `Usage: tazpod history [--changes] [--all] [--json] [OPTIONS]

Lists the copies of the vault that the remote keeps, newest first: number, time (UTC), host, generation, size.

  --changes  by name, what each copy changed: + added, ~ changed, - removed. Takes the passphrase, and fetches
             every copy that is shown; what it opens is in the memory of this process only
  --all      all of them, not only the newest 20

\`tazpod run restore --at N\` makes one of them the vault here, as a new generation.

  --passphrase-file FILE  --passphrase-fd N  --passphrase-command CMD  --json  --project DIR
`,
  vault: `Usage: tazpod vault ls|verify|diff|export [OPTIONS]
       tazpod vault import PATH [OPTIONS]

Looks at the sealed vault of this project. Nothing is unpacked anywhere; only import writes a vault.

  ls       names, sizes and times of what is in it
  verify   opens it to its last byte, and says whether it is whole
  diff     what the RAM folder has and the sealed vault has not: + added, ~ changed, - removed; names only
  export   the content as a plain tar on stdout; refused on a terminal
  import   a new vault of what is in a folder or a tar archive. A vault that is here is left alone, or with
           --force kept beside it as vault.tar.aes.bak-N

  --passphrase-file FILE  --passphrase-fd N  --passphrase-command CMD  -f, --force  --json  --project DIR

  tazpod vault export | tar -C /dev/shm/secrets -xf -
  tazpod vault import ~/old-secrets
`,
  trust: `Usage: tazpod trust [--yes | --show | --revoke] [--json] [--project DIR]

Shows what a project overrides, and asks whether to trust it on this host: its settings, recipe and scripts, and the
programs in it that they run. Every command that runs any of that asks by itself, once in each folder, and again, with the
difference, when it has changed; --yes does not answer that question, but here it does.

  --show    change nothing; exit code 3 where it is not trusted
  --revoke  take it back

Without a terminal, TAZPOD_TRUST has the hash that is shown (or several, with commas), or \`all\`.
`,
  init: `Usage: tazpod init [--yes] [OPTIONS] [--project DIR]

Makes a project of this folder: writes .tazpod/. On a terminal it asks what is not given here; without one, or with --yes,
it takes the defaults. What .devcontainer/devcontainer.json or a Dockerfile says is offered. Nothing is overwritten, and
nothing is written before the last answer. \`enter\` takes the same options where there is no project yet.

  --remote URL         where the vault is kept: s3://BUCKET, s3://BUCKET/KEY, a folder, or none
  --region REGION      of the bucket (default: eu-central-1)
  --image IMAGE        the image of the container (default: tazzo/tazpod-ai:latest)
  --build DOCKERFILE   build the image from this Dockerfile, or the one in this folder
  --user USER          who the shell runs as (default: tazpod)
  --engine ENGINE      auto, docker, podman, … (default: auto)
  --from-devcontainer  take what devcontainer.json says: image or build, user, containerEnv, mounts, forwardPorts
  --no-devcontainer    offer neither devcontainer.json nor a Dockerfile
  -y, --yes            ask nothing

  tazpod init --remote s3://my-bucket --image debian:12 --user root
`,
  down: `Usage: tazpod down [--discard] [--passphrase-file FILE] [--project DIR]

Stops and removes the container. An open vault is saved and locked first; --discard drops unsaved work.
`,
};

/** The help for a command, or the general one. */
export function helpText(command?: string): string {
  return (command === undefined ? undefined : commands[command]) ?? general;
}

/** What is a command of its own; every other word is looked up as a goal or task. */
export const commandNames = [
  "run",
  "plan",
  "list",
  "status",
  "doctor",
  "history",
  "vault",
  "trust",
  "help",
] as const;
