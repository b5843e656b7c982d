import { mountsOf } from "../spec.js";
import { workspace } from "../paths.js";
import type { ContainerSpec, ContainerUser } from "../engine.js";
import { finishScript, pauseScript } from "./pause-process.js";
import { thisShell } from "../this-host.js";

/** Programs of the host, in their usual places; what npx and the like put before them is not there inside. */
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The environment of whatever runs inside, and of what gets it there. */
export function environment({
  home,
  name = "",
}: Pick<ContainerUser, "home" | "name">): Record<string, string> {
  return { PATH: path, HOME: home, USER: name, LOGNAME: name, SHELL: thisShell() };
}

/** The namespaces to be made, by and for a user who is not root. */
export function unshareArguments(
  user: Pick<ContainerUser, "uid" | "gid">,
  network: ContainerSpec["network"],
): string[] {
  const apart = network === "none" ? ["--net"] : [];
  return [
    ...asUser(user),
    ...["unshare", "--user", "--map-current-user", "--keep-caps"],
    ...["--mount", "--pid", "--ipc", "--uts", ...apart, "--fork"],
  ];
}

export function pauseArguments(spec: ContainerSpec, user: ContainerUser): string[] {
  const mounts = mountsOf(spec, user).flatMap(({ source, target, readOnly }) => [
    source,
    target,
    readOnly ? "ro" : "rw",
  ]);
  const given = [String(spec.secretsBytes), user.home, spec.name.slice(0, 64), ...mounts];
  return [
    ...unshareArguments(user, spec.network),
    "sh",
    "-c",
    pauseScript,
    "tazpod-hold",
    finishScript,
    ...given,
  ];
}

/**
 * What runs a program in the namespace whose first process is `pid`, in /workspace, with no more rights than it has. Nothing
 * of the inside is executed before all rights were given up: a program there may have replaced it.
 */
export function enterArguments(
  pid: number,
  user: Pick<ContainerUser, "uid" | "gid">,
  network: ContainerSpec["network"],
  argv: readonly string[],
): string[] {
  const apart = network === "none" ? ["--net"] : [];
  // one that root made for root, before tazpod refused that, has no user namespace; what is open there must be saved
  const own = user.uid === 0 ? [] : ["--user", "--preserve-credentials"];
  return [
    ...asUser(user),
    ...["nsenter", `--target=${pid}`, ...own],
    ...["--mount", "--pid", "--ipc", "--uts", ...apart],
    ...["--root", `--wd=/proc/${pid}/root${workspace}`, "--"],
    ...["setpriv", "--no-new-privs", ...argv],
  ];
}

/** Before a command that root runs for an ordinary user; nothing for one who runs it. */
function asUser({ uid, gid }: Pick<ContainerUser, "uid" | "gid">): string[] {
  if (process.getuid?.() === uid) return [];
  return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--inh-caps=-all"];
}

/** Runs a program, and says by its own exit code which signal ended that: what is killed itself has none. */
export const exitCodeScript = 'exec 3>&2 2>/dev/null; "$@" 2>&3 3>&-; exit "$?"';

/**
 * A program on a terminal of its own, made inside, so that nothing there has ours; `script` carries the keys and the screen.
 * It starts what it is told by a shell, which takes SHELL for its own, and drops prompts where it is bash: so `env` has those.
 */
export function onTerminal(argv: readonly string[], env: Readonly<Record<string, string>>): string[] {
  const set = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}; export ${name}; `);
  const command = `${set.join("")}exec ${argv.map(quoted).join(" ")}`;
  return ["script", "-q", "-e", "-f", "-c", command, "/dev/null"];
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
