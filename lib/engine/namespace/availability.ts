import { capture } from "../../host/process.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { environment, unshareArguments } from "./arguments.js";
import { rootRefused } from "../../failure/explain-engine.js";
import { stat } from "../../host/files.js";
import { homeInside, thisUser } from "../this-host.js";
import type { ContainerUser } from "../engine.js";

const programs = ["nsenter", "setpriv", "script", "pivot_root", "mount", "umount"];

// as the real one begins: made, mounted in, and with what the rest needs
const trial = `for p in ${programs.join(" ")}; do command -v $p >/dev/null || { echo "$p"; exit 9; }; done
mount -t tmpfs tazpod /tmp && mount -t proc proc /proc && setpriv --version`;

/**
 * The version of util-linux, where this user can make namespaces. Failure: `engine-unavailable`, `missing` when a program
 * is not there (or this is no Linux), `permission` when the kernel does not let this user, or root's project is root's.
 */
export async function namespaceVersion(project?: string): Promise<Result<string>> {
  const unavailable = (why: "missing" | "permission", detail: string): Result<string> =>
    fail({ kind: "engine-unavailable", engine: "namespace", why, detail });
  if (process.platform !== "linux") return unavailable("missing", "Linux");
  const user = await namespaceUser(project);
  if (!user.ok) return user;
  const argv = [...unshareArguments(user.value, "bridge"), "sh", "-c", trial];
  const done = await capture(argv, { timeoutMs: 10_000, env: environment({ home: "/", name: "" }) });
  if (!done.ok) return done.failure.kind === "command-missing" ? unavailable("missing", "unshare") : done;
  const printed = done.value.stdout.toString().trim();
  if (done.value.code === 9) return unavailable("missing", printed);
  if (done.value.code !== 0) return unavailable("permission", done.value.stderr.split("\n")[0] ?? "");
  return ok(printed.replace(/^.* /, ""));
}

/**
 * Who runs in a namespace: the user of tazpod. Root is not let in, since it would be the host's root by number, whatever is
 * taken from it: run by root, the programs run as the owner of the project. Failure: `engine-unavailable` when that is root,
 * too.
 */
export async function namespaceUser(project: string | undefined): Promise<Result<ContainerUser>> {
  if (process.getuid?.() !== 0) return thisUser();
  const found = project === undefined ? ok(undefined) : await stat(project);
  if (!found.ok) return found;
  // without a project, any ordinary user tells whether there can be a namespace
  const { uid, gid } = found.value ?? { uid: 65_534, gid: 65_534 };
  if (uid !== 0) return ok({ uid, gid, ...(await known(uid)) });
  return fail({
    kind: "engine-unavailable",
    engine: "namespace",
    why: "permission",
    detail: rootRefused,
  });
}

/** A user's name and home, as the system knows them; the number is the name of one that it does not know. */
async function known(uid: number): Promise<{ readonly name: string; readonly home: string }> {
  const done = await capture(["getent", "passwd", String(uid)], { timeoutMs: 5_000 });
  const [name = "", , , , , home = ""] = done.ok ? done.value.stdout.toString().trim().split(":") : [];
  if (name === "") return { name: String(uid), home: `/home/${uid}` };
  return { name, home: await homeInside(home, name) };
}
