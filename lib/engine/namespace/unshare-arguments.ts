import { quoteForShell } from "../../host/process.js";
import { mountsOf } from "../spec.js";
import { workspace } from "../container-paths.js";
import type { ContainerSpec, ContainerUser } from "../engine.js";
import { finishScript, pauseScript } from "./pause-process.js";
import { thisShell } from "../this-host.js";

/** The usual folders of programs, without what npx and the like prepend: it does not exist inside. */
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Returns the environment of programs inside, and of those that enter the namespace. */
export function environment({
  home,
  name = "",
}: Pick<ContainerUser, "home" | "name">): Record<string, string> {
  return { PATH: path, HOME: home, USER: name, LOGNAME: name, SHELL: thisShell() };
}

/** Returns the command that creates the namespaces, for a user who is not root. */
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

/** Returns the command that starts the pause process of a namespace. */
export function pauseArguments(spec: ContainerSpec, user: ContainerUser): string[] {
  const mounts = mountsOf(spec, user).flatMap(({ source, target, readOnly }) => [
    source,
    target,
    readOnly ? "ro" : "rw",
  ]);
  const passwd = `${user.name ?? ""}:x:${user.uid}:${user.gid}::${user.home}:${thisShell()}`;
  const given = [
    String(spec.secretsBytes),
    user.home,
    spec.name.slice(0, 64),
    passwd,
    spec.workspace ?? "mount",
    ...mounts,
  ];
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
 * Returns the command that runs a program in /workspace of the namespace whose first process is `pid`, without
 * privileges. No program from inside runs before all privileges are dropped: it may have been replaced.
 */
export function enterArguments(
  pid: number,
  user: Pick<ContainerUser, "uid" | "gid">,
  network: ContainerSpec["network"],
  argv: readonly string[],
): string[] {
  const apart = network === "none" ? ["--net"] : [];
  // older versions made namespaces for root without a user namespace; an open vault in one must still be saved
  const own = user.uid === 0 ? [] : ["--user", "--preserve-credentials"];
  return [
    ...asUser(user),
    ...["nsenter", `--target=${pid}`, ...own],
    ...["--mount", "--pid", "--ipc", "--uts", ...apart],
    ...["--root", `--wd=/proc/${pid}/root${workspace}`, "--"],
    ...["setpriv", "--no-new-privs", ...argv],
  ];
}

/** Returns the prefix that makes root run a command as an ordinary user; empty if the process is that user. */
function asUser({ uid, gid }: Pick<ContainerUser, "uid" | "gid">): string[] {
  if (process.getuid?.() === uid) return [];
  return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--inh-caps=-all"];
}

/** Runs a program and turns the signal that killed it into an exit code, which a killed parent could not report. */
export const exitCodeScript = 'exec 3>&2 2>/dev/null; "$@" 2>&3 3>&-; exit "$?"';

/**
 * Runs a program on a pseudo-terminal made inside the namespace, which has a name there; `script` relays keys and output.
 * `script` starts a shell that changes SHELL and, if it is bash, drops the prompts, so `env` sets them again.
 */
export function onTerminal(argv: readonly string[], env: Readonly<Record<string, string>>): string[] {
  const set = Object.entries(env).map(([name, value]) => `${name}=${quoteForShell(value)}; export ${name}; `);
  const command = `${set.join("")}exec ${argv.map(quoteForShell).join(" ")}`;
  return scripted(command);
}

/**
 * Runs the command that enters the namespace on a pseudo-terminal made for it: programs inside reach the terminal of the
 * `script` there, which must not be ours.
 */
export function besideTerminal(argv: readonly string[]): string[] {
  return scripted(`exec ${argv.map(quoteForShell).join(" ")}`);
}

const scripted = (command: string): string[] => ["script", "-q", "-e", "-f", "-c", command, "/dev/null"];
