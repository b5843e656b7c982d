import { capture } from "../../host/process.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { environment, unshareArguments } from "./unshare-arguments.js";
import { stat } from "../../host/files.js";
import { homeInside, thisUser } from "../this-host.js";
import type { ContainerUser } from "../engine.js";

const programs = ["nsenter", "setpriv", "script", "pivot_root", "mount", "umount"];

// does what a real namespace needs first: create it, mount in it, find the programs
const trial = `for p in ${programs.join(" ")}; do command -v $p >/dev/null || { echo "$p"; exit 9; }; done
mount -t tmpfs tazpod /tmp && mount -t proc proc /proc && setpriv --version`;

/**
 * Returns the version of util-linux if this user can create namespaces. Failure: `engine-unavailable`; `missing` if a
 * program is absent (or this is not Linux), `permission` if the kernel refuses.
 */
export async function namespaceVersion(project?: string): Promise<Result<string>> {
  const unavailable = (why: "missing" | "permission", detail: string): Result<string> =>
    fail({ kind: "engine-unavailable", engine: "namespace", why, detail });
  if (process.platform !== "linux") return unavailable("missing", "Linux");
  const user = await namespaceUser(project);
  if (!user.ok) return user;
  const argv = [...unshareArguments(user.value, "bridge"), "sh", "-c", trial];
  const done = await capture(argv, {
    timeoutMs: 10_000,
    isQuestion: true,
    env: environment({ home: "/", name: "" }),
  });
  if (!done.ok) return done.failure.kind === "command-missing" ? unavailable("missing", "unshare") : done;
  const printed = done.value.stdout.toString().trim();
  if (done.value.code === 9) return unavailable("missing", printed);
  if (done.value.code !== 0) return unavailable("permission", done.value.stderr.split("\n")[0] ?? "");
  return ok(printed.replace(/^.* /, ""));
}

/**
 * The user inside for a project of root's. The number is above all that systemd, useradd and subordinate ids assign, so
 * no process of the host has it.
 */
const substitute = { uid: 2_000_000_000, gid: 2_000_000_000, name: "tazpod", home: "/home/tazpod" };

/**
 * Returns the user of a namespace: the user who runs tazpod. Root is not used, since it would have the host root's user
 * id; programs run as the owner of the project instead, or as a user of their own if that is root as well.
 */
export async function namespaceUser(project: string | undefined): Promise<Result<ContainerUser>> {
  if (process.getuid?.() !== 0) return thisUser();
  const found = project === undefined ? ok(undefined) : await stat(project);
  if (!found.ok) return found;
  // without a project, any ordinary user will do to test whether namespaces work
  const { uid, gid } = found.value ?? { uid: 65_534, gid: 65_534 };
  return ok(uid === 0 ? substitute : { uid, gid, ...(await known(uid)) });
}

/** Returns a user's name and home from the system; the id serves as the name of an unknown user. */
async function known(uid: number): Promise<{ readonly name: string; readonly home: string }> {
  const done = await capture(["getent", "passwd", String(uid)], { timeoutMs: 5_000, isQuestion: true });
  const [name = "", , , , , home = ""] = done.ok ? done.value.stdout.toString().trim().split(":") : [];
  if (name === "") return { name: String(uid), home: `/home/${uid}` };
  return { name, home: await homeInside(home, name) };
}
