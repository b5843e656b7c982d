import { rootRefused } from "../../failure/explain-engine.js";
import { stat } from "../../host/files.js";
import { capture } from "../../host/process.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { homeInside, thisUser } from "../this-user.js";
import type { ContainerUser } from "../types.js";

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
