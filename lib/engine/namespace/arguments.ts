import { mountsOf } from "../mounts.js";
import { workspace } from "../paths.js";
import { ofRoot } from "../spec.js";
import type { ContainerSpec, ContainerUser } from "../types.js";
import { finish, hold } from "./hold.js";
import { thisShell } from "../this-user.js";

/** Programs of the host, in their usual places; what npx and the like put before them is not there inside. */
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The environment of whatever runs inside, and of what gets it there. */
export function environment({
  home,
  name = "",
}: Pick<ContainerUser, "home" | "name">): Record<string, string> {
  return { PATH: path, HOME: home, USER: name, LOGNAME: name, SHELL: thisShell() };
}

/** The namespaces to be made. Without root it takes one of users, in which there is only this one. */
export function unshareArguments(uid: number, network: ContainerSpec["network"]): string[] {
  const ofUser = uid === 0 ? [] : ["--user", "--map-current-user", "--keep-caps"];
  const apart = network === "none" ? ["--net"] : [];
  return ["unshare", ...ofUser, "--mount", "--pid", "--ipc", "--uts", ...apart, "--fork"];
}

export function holdArguments(spec: ContainerSpec, user: ContainerUser): string[] {
  const mounts = mountsOf(spec, user).flatMap(({ source, target, readOnly }) => [
    source,
    target,
    readOnly ? "ro" : "rw",
  ]);
  const given = [String(spec.secretsBytes), user.home, spec.name.slice(0, 64), ...mounts];
  return [...unshareArguments(user.uid, spec.network), "sh", "-c", hold, "tazpod-hold", finish, ...given];
}

/** What runs a program in the namespace whose first process is `pid`, in /workspace, with no way to more than it has. */
export function enterArguments(
  pid: number,
  uid: number,
  network: ContainerSpec["network"],
  argv: readonly string[],
): string[] {
  const ofUser = uid === 0 ? [] : ["--user", "--preserve-credentials"];
  const apart = network === "none" ? ["--net"] : [];
  return [
    ...["nsenter", `--target=${pid}`, ...ofUser, "--mount", "--pid", "--ipc", "--uts", ...apart],
    ...["--root", `--wd=/proc/${pid}/root${workspace}`, "--"],
    ...["setpriv", "--no-new-privs", ...(uid === 0 ? limitsOfRoot : []), ...argv],
  ];
}

// without root there is nothing left to take away
const limitsOfRoot = [
  `--bounding-set=-all,${ofRoot.map((name) => `+${name.toLowerCase()}`).join(",")}`,
  "--inh-caps=-all",
];

/** Runs a program, and says by its own exit code which signal ended that: what is killed itself has none. */
export const speaking = 'exec 3>&2 2>/dev/null; "$@" 2>&3 3>&-; exit "$?"';

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
