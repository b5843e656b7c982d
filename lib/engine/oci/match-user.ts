import { randomBytes } from "node:crypto";
import { fail, ok, type Result } from "../../failure/result.js";
import type { RunCommand } from "./command.js";
import { expectSuccess } from "./command.js";
import { withoutClientProxies } from "./client-proxies.js";
import type { ContainerUser } from "../engine.js";

/** Gives a user of the image other ids, and its home to them. Arguments: user, uid, gid, home. */
const changeIds = `set -eu
user=$1 uid=$2 gid=$3 home=$4
while IFS=: read -r name password u g rest; do
  if [ "$name" = "$user" ]; then u=$uid g=$gid; fi
  echo "$name:$password:$u:$g:$rest"
done < /etc/passwd > /etc/passwd.tazpod
cat /etc/passwd.tazpod > /etc/passwd
rm /etc/passwd.tazpod
known=no
while IFS=: read -r _ _ g _; do if [ "$g" = "$gid" ]; then known=yes; fi; done < /etc/group || :
if [ "$known" = no ]; then echo "$user-host:x:$gid:" >> /etc/group; fi
chown -R "$uid:$gid" "$home"`;

const limit = { timeoutMs: 600_000 };

/** Whose ids the user of the image gets, and in which image. */
interface Match {
  /** The name of the user in the image. */
  readonly user: string;
  readonly inImage: ContainerUser;
  /** The content id of the image. */
  readonly imageId: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Returns the user with other ids, in an image made from the one in the settings, so that the files of the user on the
 * host are the user's files inside, too. The image is made once for each image and id. Failures: `image-unusable` if it
 * has no `chown`, `command-failed`.
 */
export async function matchUser(
  run: RunCommand,
  { user, inImage, imageId, uid, gid }: Match,
): Promise<Result<ContainerUser>> {
  const { home } = inImage;
  const name =
    `tazpod-user:${imageId.replace("sha256:", "").slice(0, 12)}-${user}-${uid}-${gid}`.toLowerCase();
  const matched: ContainerUser = { uid, gid, home, image: { name, from: imageId } };
  const there = await run(["image", "inspect", "--format", "{{.Id}}", name]);
  if (!there.ok) return there;
  if (there.value.code === 0) return ok(matched);
  const container = `tazpod-user-${randomBytes(4).toString("hex")}`;
  const able = ["CHOWN", "DAC_OVERRIDE", "FOWNER"].flatMap((one) => ["--cap-add", one]);
  const script = [imageId, "-c", changeIds, "tazpod", user, String(uid), String(gid), home];
  const changed = await run(
    [
      ...["run", "--name", container, "--user", "0:0", "--network", "none", ...withoutClientProxies],
      ...["--cap-drop", "ALL", ...able, "--entrypoint", "sh", ...script],
    ],
    limit,
  );
  try {
    if (!changed.ok) return changed;
    if (/chown: not found/.test(changed.value.stderr))
      return fail({
        kind: "image-unusable",
        image: imageId,
        ...{ lacks: "chown", hint: `It is needed to give the user ${user} your id, ${uid}.` },
      });
    const done = expectSuccess(changed, ["run", imageId], () => ok(undefined));
    if (!done.ok) return done;
    const committed = await run(["commit", "--change", `USER ${user}`, container, name], limit);
    return expectSuccess(committed, ["commit", container], () => ok(matched));
  } finally {
    await run(["rm", "--force", container]);
  }
}
