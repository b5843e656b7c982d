import type { Finished } from "../host/process.js";
import { fail, ok, type Result } from "../result.js";
import type { ContainerUser } from "./types.js";

/** Run as the configured user in the image: says uid, gid and home, or what is missing. */
export const lookUpScript =
  'command -v tar >/dev/null || { echo "no tar"; exit 0; }; id -u; id -g; echo "$HOME"';

/** Reads what `lookUpScript` printed, or why the engine could not run it. */
export function parseLookUp(image: string, user: string, done: Finished): Result<ContainerUser> {
  const unusable = (lacks: string, hint: string) => fail({ kind: "image-unusable", image, lacks, hint });
  if (done.code !== 0) {
    if (/unable to find user|no matching entries in passwd/i.test(done.stderr))
      return unusable(`the user ${user}`, "Set `user:` in .tazpod/config.yaml to one that it has.");
    if (/"sh": executable file not found|no such file or directory/i.test(done.stderr))
      return unusable("sh", "tazpod needs sh and tar inside; use an image that has them.");
    return fail({ kind: "command-failed", command: ["run", image], code: done.code, detail: done.stderr });
  }
  const [uid = "", gid = "", home = ""] = done.stdout.toString().trim().split("\n");
  if (uid === "no tar") return unusable("tar", "tazpod needs sh and tar inside; use an image that has them.");
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid))
    return unusable("id", `It printed ${JSON.stringify(uid)} for the user's number.`);
  if (!home.startsWith("/"))
    return unusable(`a home for ${user}`, "Give the user a home folder in the image's /etc/passwd.");
  return ok({ uid: Number(uid), gid: Number(gid), home });
}
