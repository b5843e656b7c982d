import { type Explanation, say } from "./explanation.js";
import type { FailureOf } from "./failure.js";

type Unavailable = FailureOf<"engine-unavailable">;

/** The part of `explain` that is about an engine that is not to be had. */
export function unavailable({ engine, why, detail }: Unavailable): Explanation {
  if (engine === "namespace") return namespaces(why, detail);
  if (engine === "process")
    return say(
      `Plain processes cannot be used: ${detail}.`,
      "Secrets never go to a disk. Mount a tmpfs, as root: `mount -t tmpfs -o mode=1777 tmpfs /dev/shm`; or set XDG_RUNTIME_DIR to a folder of yours in one.",
    );
  const isPodman = engine === "podman";
  const title = engine === "docker" ? "Docker" : engine;
  const said = detail.split("\n").find((line) => line !== "") ?? "";
  switch (why) {
    case "missing":
      return say(
        `${title} is not installed: there is no program ${engine} on PATH.`,
        isPodman
          ? "On Debian: `sudo apt-get install podman uidmap slirp4netns`."
          : "On Debian: `sudo apt-get install docker.io`.",
      );
    case "permission":
      return say(
        `${title} is there, but this user may not use it (${said}).`,
        "Add yourself to the docker group (`sudo usermod -aG docker $USER`, then log in again), or use rootless Docker.",
      );
    case "user-namespace":
      return say(
        `${title} is there, but this user cannot have containers with it: ${said}`,
        "It takes newuidmap, on Debian `sudo apt-get install uidmap`, and numbers of this user's own: `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER` (a range that /etc/subuid has for nobody else), then `podman system migrate`.",
      );
    default:
      return isPodman
        ? say(`podman does not work here: ${said}`, "`podman info` says the same until that is put right.")
        : say(
            `${title} is not answering: ${said}`,
            "Start it (`sudo systemctl start docker`), or point DOCKER_HOST or `docker context use` at one that runs.",
          );
  }
}

/** Why root has no namespace, as the engine says it. */
export const rootRefused = "root does not run in one, and the project belongs to root";

function namespaces(why: Unavailable["why"], detail: string): Explanation {
  if (why === "missing")
    return say(
      `Namespaces need ${detail}, which is not here.`,
      "They are Linux's own, driven by util-linux; on Debian: `sudo apt-get install util-linux bsdutils mount`.",
    );
  if (detail === rootRefused)
    return say(
      `Linux namespaces are not available: ${detail}.`,
      "Run tazpod as an ordinary user, or give the project to one: `chown -R USER: .`",
    );
  return say(
    `Linux namespaces are not available: ${detail}`,
    "Ordinary users may make them where `sysctl kernel.unprivileged_userns_clone` is 1 (Debian), or `kernel.apparmor_restrict_unprivileged_userns` is 0 (Ubuntu).",
  );
}

export function noStart({ name, detail, why }: FailureOf<"container-start">): Explanation {
  if (why === "network")
    return say(
      `The container ${name} does not start, because podman can give it no network: ${detail}.`,
      "An ordinary user's takes slirp4netns (on Debian `sudo apt-get install slirp4netns`) and /dev/net/tun (`sudo modprobe tun`, `sudo chmod 666 /dev/net/tun`); root's takes the package containernetworking-plugins. `network: none` or `network: host` in .tazpod/config.yaml needs neither.",
    );
  return say(
    `The container ${name} does not start: ${detail}`,
    "`tazpod down` removes it, so that it is made anew.",
  );
}

export function foreign({
  engine,
  name,
  owner,
  project,
  volume = false,
}: FailureOf<"container-foreign">): Explanation {
  const another = "Set another container_name in .tazpod/config.yaml";
  if (volume)
    return say(
      `The volume ${name} belongs to ${owner === "" ? "something other than tazpod" : owner}, not to ${project}.`,
      `${another}; if what is in that volume is no longer wanted, remove it with \`${engine} volume rm ${name}\`.`,
    );
  return say(
    `The container ${name} belongs to ${owner === "" ? "something other than tazpod" : owner}, not to ${project}.`,
    engine === "namespace" || engine === "process"
      ? `${another}.`
      : `${another}; if that container is no longer wanted, remove it with \`${engine} rm -f ${name}\`.`,
  );
}

/** Whether a registry that was asked says that it has no such image, or does not show it. */
export function isAbsentImage(detail: string): boolean {
  return /not found|no such manifest|manifest unknown|denied|does not exist|unauthorized|invalid reference/i.test(
    detail.replace(/(lookup|dial) .*/gi, ""),
  );
}

export function noImage({ engine, image, detail }: FailureOf<"image-unavailable">): Explanation {
  return say(
    `The image ${image} is not here and could not be pulled: ${detail}`,
    isAbsentImage(detail)
      ? `Set \`image\` in .tazpod/config.yaml to one that exists (a private one takes \`${engine} login\`), or \`build\` to a Dockerfile.`
      : "Check the network. TAZPOD_ENGINE=namespace needs no image.",
  );
}
