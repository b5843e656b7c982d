import { type Explanation, explanation } from "./explanation.js";
import type { FailureOf } from "./failure.js";

type Unavailable = FailureOf<"engine-unavailable">;

/** Explains why an engine is unavailable. */
export function explainUnavailableEngine({ engine, why, detail }: Unavailable): Explanation {
  if (engine === "namespace") return namespaces(why, detail);
  if (engine === "process")
    return explanation(
      `Plain processes cannot be used: ${detail}.`,
      "Secrets never go to a disk. Mount a tmpfs, as root: `mount -t tmpfs -o mode=1777 tmpfs /dev/shm`; or set XDG_RUNTIME_DIR to a folder of yours in one.",
    );
  const isPodman = engine === "podman";
  const title = engine === "docker" ? "Docker" : engine;
  const error = detail.split("\n").find((line) => line !== "") ?? "";
  switch (why) {
    case "missing":
      return explanation(
        `${title} is not installed: the program ${engine} is not in PATH.`,
        isPodman
          ? "On Debian: `sudo apt-get install podman uidmap slirp4netns`."
          : "On Debian: `sudo apt-get install docker.io`.",
      );
    case "permission":
      return explanation(
        `${title} is running, but this user may not use it (${error}).`,
        "Add yourself to the docker group (`sudo usermod -aG docker $USER`, then log in again), or use rootless Docker.",
      );
    case "user-namespace":
      return explanation(
        `${title} is installed, but this user cannot run containers with it: ${error}`,
        "Rootless containers need newuidmap (on Debian: `sudo apt-get install uidmap`) and subordinate ids for this user: `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER` (a range that no other user has in /etc/subuid), then `podman system migrate`.",
      );
    default:
      return isPodman
        ? explanation(
            `podman does not work on this host: ${error}`,
            "`podman info` shows the same error until it is fixed.",
          )
        : explanation(
            `${title} is not answering: ${error}`,
            "Start it (`sudo systemctl start docker`), or point DOCKER_HOST or `docker context use` at one that is running.",
          );
  }
}

function namespaces(why: Unavailable["why"], detail: string): Explanation {
  if (why === "missing")
    return explanation(
      `Linux namespaces need ${detail}, which is missing.`,
      "tazpod uses util-linux for them. On Debian: `sudo apt-get install util-linux bsdutils mount`.",
    );
  return explanation(
    `Linux namespaces are not available: ${detail}`,
    "Unprivileged users may create them if `sysctl kernel.unprivileged_userns_clone` is 1 (Debian) or `kernel.apparmor_restrict_unprivileged_userns` is 0 (Ubuntu).",
  );
}

/** Explains why a container did not start. */
export function explainStartFailure({ name, detail, why }: FailureOf<"container-start">): Explanation {
  if (why === "network")
    return explanation(
      `The container ${name} did not start, because podman cannot set up its network: ${detail}.`,
      "As an ordinary user, install slirp4netns (on Debian: `sudo apt-get install slirp4netns`) and provide /dev/net/tun (`sudo modprobe tun`, `sudo chmod 666 /dev/net/tun`). As root, install the package containernetworking-plugins. `network: none` or `network: host` in .tazpod/config.yaml needs neither.",
    );
  return explanation(
    `The container ${name} did not start: ${detail}`,
    "`tazpod down` removes it, and the next start creates it again.",
  );
}

/** Explains that a container or volume of the wanted name belongs to something else. */
export function explainForeignContainer({
  engine,
  name,
  owner,
  project,
  volume = false,
}: FailureOf<"container-foreign">): Explanation {
  const another =
    "Set a different container_name in .tazpod/config.local.yaml, which git ignores and which applies to this folder only";
  if (volume)
    return explanation(
      `The volume ${name} belongs to ${owner === "" ? "something other than tazpod" : owner}, not to ${project}.`,
      `${another}; or, if you no longer need the volume, remove it with \`${engine} volume rm ${name}\`.`,
    );
  return explanation(
    `The container ${name} belongs to ${owner === "" ? "something other than tazpod" : owner}, not to ${project}.`,
    engine === "namespace" || engine === "process"
      ? `${another}.`
      : `${another}; or, if you no longer need the container, remove it with \`${engine} rm -f ${name}\`.`,
  );
}

/** Tells whether a registry's answer means that the image does not exist, or may not be read. */
export function isAbsentImage(detail: string): boolean {
  return /not found|no such manifest|manifest unknown|denied|does not exist|unauthorized|invalid reference/i.test(
    detail.replace(/(lookup|dial) .*/gi, ""),
  );
}

/** Explains why an image is not available. */
export function explainMissingImage({ engine, image, detail }: FailureOf<"image-unavailable">): Explanation {
  return explanation(
    `The image ${image} is not on this machine and could not be pulled: ${detail}`,
    isAbsentImage(detail)
      ? `Set \`image\` in .tazpod/config.yaml to one that exists (a private one needs \`${engine} login\`), or \`build\` to a Dockerfile.`
      : "Check the network. TAZPOD_ENGINE=namespace needs no image.",
  );
}

/** Explains that nothing can be run in a container. */
export function explainNotReady({ engine, name, reported }: FailureOf<"container-not-ready">): Explanation {
  return explanation(
    `The container ${name} is ${reported}, so its vault can be neither used nor locked.`,
    reported === "paused"
      ? `Resume it with \`${engine} unpause ${name}\`, and try again.`
      : `Try again in a moment. \`${engine} inspect ${name}\` shows its state.`,
  );
}

/** Explains that the vault may be open in a container that this tazpod cannot see. */
export function explainOpenedElsewhere({
  engine,
  container,
  address,
  state,
  file,
}: FailureOf<"opened-elsewhere">): Explanation {
  const where =
    state === undefined
      ? `the ${engine} container ${container}${address === undefined ? "" : ` at ${address}`}`
      : `${container} by a tazpod that keeps its state in ${state}`;
  return explanation(
    `The vault was opened in ${where}, which this tazpod does not see, so it may still be open there.`,
    `Run tazpod with the same ${state === undefined ? "engine and daemon (`engine`, DOCKER_HOST, the Docker context)" : "HOME"}. If that container is gone, remove ${file}; what was not saved is lost with the container.`,
  );
}
