import type { Finished } from "../../host/process.js";
import { fail, ok, type Result } from "../../failure/result.js";
import type { RunCommand } from "./command.js";
import type { ContainerUser } from "../engine.js";

/** Runs as the configured user in the image: prints uid, gid and home, or what is missing. */
const lookUpScript = 'command -v tar >/dev/null || { echo "no tar"; exit 0; }; id -u; id -g; echo "$HOME"';

// engines also report "no such user" for an image whose /etc/passwd they could not open: see `lookUpUser`
const isListed =
  'while IFS=: read -r n _ u _; do [ "$n" = "$1" ] || [ "$u" = "$1" ] && exit 0; done < /etc/passwd; exit 3';

const noUser = /unable to find user|no matching entries in passwd/i;

// the missing file may be one of the engine's own, not sh; crun quotes with back-ticks
const noSh =
  /\bsh"?: (executable file not found|.*no such file or directory)|executable file `sh` not found/i;

const asUser = (image: string, user: string, ...script: readonly string[]): string[] => [
  ...["run", "--rm", "--network", "none", "--user", user, "--entrypoint", "sh", image, "-c"],
  ...script,
];

/**
 * Looks up a user in an image, in a short-lived container. "No such user" counts only if the image's own /etc/passwd
 * agrees: engines read that file from outside and take one they cannot open for empty, and podman sometimes looks
 * before the container's files are mounted (podman issues 1817 and 2112). Under load, podman also loses the output of a
 * container that ends at once. Tries three times in these cases.
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
    const { code, stdout, stderr } = done.value;
    const lost = code === 0 && stdout.length === 0;
    if (tries === 3 || !(lost || (code !== 0 && noUser.test(stderr))))
      return parseLookUp(image, user, done.value);
    if (lost) continue;
    const listed = await run(asUser(image, "0:0", isListed, "tazpod", name), limit);
    if (!listed.ok) return listed;
    if (listed.value.code === 3) return unusable(image, `the user ${user}`, otherUser);
    if (listed.value.code !== 0) return parseLookUp(image, user, listed.value);
  }
}

const otherUser = "Set `user:` in .tazpod/config.yaml to a user of the image.";
const otherImage = "tazpod needs sh and tar in the container. Use an image that has them.";

const unusable = (image: string, lacks: string, hint: string): Result<never> =>
  fail({ kind: "image-unusable", image, lacks, hint });

/** Reads the output of `lookUpScript`, or the error of an engine that could not run it. */
function parseLookUp(image: string, user: string, done: Finished): Result<ContainerUser> {
  if (done.code !== 0) {
    if (noSh.test(done.stderr)) return unusable(image, "sh", otherImage);
    return fail({ kind: "command-failed", command: ["run", image], code: done.code, detail: done.stderr });
  }
  const [uid = "", gid = "", home = ""] = done.stdout.toString().trim().split("\n");
  if (uid === "no tar") return unusable(image, "tar", otherImage);
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid))
    return unusable(image, "id", `It printed ${JSON.stringify(uid)} as the user id.`);
  if (!home.startsWith("/"))
    return unusable(
      image,
      `a home folder for ${user}`,
      "Give the user a home folder in the image's /etc/passwd.",
    );
  return ok({ uid: Number(uid), gid: Number(gid), home });
}
