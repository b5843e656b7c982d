import type { Finished } from "../../host/process.js";
import { fail, ok, type Result } from "../../failure/result.js";
import type { RunCommand } from "./command.js";
import type { ContainerUser } from "../engine.js";

/** Run as the configured user in the image: says uid, gid and home, or what is missing. */
const lookUpScript = 'command -v tar >/dev/null || { echo "no tar"; exit 0; }; id -u; id -g; echo "$HOME"';

// an engine says that there is no such user of an image whose list of users it could not open, too: see `lookUpUser`
const isListed =
  'while IFS=: read -r n _ u _; do [ "$n" = "$1" ] || [ "$u" = "$1" ] && exit 0; done < /etc/passwd; exit 3';

const noUser = /unable to find user|no matching entries in passwd/i;

// not every file that is not there is sh: an engine may miss one of its own; with back-ticks it is crun's
const noSh =
  /\bsh"?: (executable file not found|.*no such file or directory)|executable file `sh` not found/i;

const asUser = (image: string, user: string, ...script: readonly string[]): string[] => [
  ...["run", "--rm", "--network", "none", "--user", user, "--entrypoint", "sh", image, "-c"],
  ...script,
];

/**
 * Asks an image for a user, in a container that lives as long as that takes. That the image lacks the user is said only
 * when its own list of users says it too: an engine reads that list from outside, takes one that it cannot open for an
 * empty one, and podman now and then looks before the container's files are there (podman's issues 1817 and 2112). It is
 * asked three times then.
 */
export async function lookUpUser(
  run: RunCommand,
  image: string,
  user: string,
): Promise<Result<ContainerUser>> {
  const limit = { timeoutMs: 60_000 };
  const [name = ""] = user.split(":");
  for (let tries = 1; ; tries++) {
    const done = await run(asUser(image, user, lookUpScript), limit);
    if (!done.ok) return done;
    if (done.value.code === 0 || !noUser.test(done.value.stderr) || tries === 3)
      return parseLookUp(image, user, done.value);
    const listed = await run(asUser(image, "0:0", isListed, "tazpod", name), limit);
    if (!listed.ok) return listed;
    if (listed.value.code === 3) return unusable(image, `the user ${user}`, otherUser);
    if (listed.value.code !== 0) return parseLookUp(image, user, listed.value);
  }
}

const otherUser = "Set `user:` in .tazpod/config.yaml to one that it has.";
const otherImage = "tazpod needs sh and tar inside; use an image that has them.";

const unusable = (image: string, lacks: string, hint: string): Result<never> =>
  fail({ kind: "image-unusable", image, lacks, hint });

/** Reads what `lookUpScript` printed, or why the engine could not run it. */
function parseLookUp(image: string, user: string, done: Finished): Result<ContainerUser> {
  if (done.code !== 0) {
    if (noSh.test(done.stderr)) return unusable(image, "sh", otherImage);
    return fail({ kind: "command-failed", command: ["run", image], code: done.code, detail: done.stderr });
  }
  const [uid = "", gid = "", home = ""] = done.stdout.toString().trim().split("\n");
  if (uid === "no tar") return unusable(image, "tar", otherImage);
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid))
    return unusable(image, "id", `It printed ${JSON.stringify(uid)} for the user's number.`);
  if (!home.startsWith("/"))
    return unusable(image, `a home for ${user}`, "Give the user a home folder in the image's /etc/passwd.");
  return ok({ uid: Number(uid), gid: Number(gid), home });
}
