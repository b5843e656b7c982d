import { capture } from "../../host/process.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { environment, unshareArguments } from "./arguments.js";
import { namespaceUser } from "./user.js";

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
