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
  if (engine === "kubernetes") return explainCluster(why, detail);
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

function explainCluster(why: Unavailable["why"], detail: string): Explanation {
  switch (why) {
    case "missing":
      return explanation(
        "kubectl is not installed: it is not in PATH.",
        "Install it (https://kubernetes.io/docs/tasks/tools/; on Debian: `sudo apt-get install kubernetes-client`), or name it in TAZPOD_KUBECTL.",
      );
    case "configuration":
      return explanation(
        `kubectl has no usable configuration: ${detail}`,
        "`kubectl config get-contexts` lists the contexts. Set KUBECONFIG, or `context` below `kubernetes` in .tazpod/config.yaml.",
      );
    case "credentials":
      return explanation(
        `The cluster does not accept this login: ${detail}`,
        "Log in to the cluster again, as you do for kubectl. `kubectl get pods` shows the same error until then.",
      );
    case "permission":
      return explanation(
        `The cluster does not allow this: ${detail}`,
        "`tazpod doctor` lists the rights that are missing; `tazpod setup-cluster` prints the role that gives them.",
      );
    default:
      return explanation(
        `The cluster is not answering: ${detail}`,
        "Check the network, the VPN and the context. What is open in a pod stays open there; `tazpod enter` continues with it.",
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
  if (why === "cluster") return explainPodStart(name, detail);
  return explanation(
    `The container ${name} did not start: ${detail}`,
    "`tazpod down` removes it, and the next start creates it again.",
  );
}

/** What to do about a pod that was refused or does not start; the first match counts. */
const podHints: readonly (readonly [RegExp, string])[] = [
  [
    /exceeded quota|must specify limits|LimitRange/i,
    "Set `requests` and `limits` below `kubernetes`, lower `vault.size`, or ask for a larger quota. `kubectl describe quota` shows it.",
  ],
  [
    /violates PodSecurity|pod security policy|unable to validate against any/i,
    "The pod itself meets the restricted standard: look at `pod` below `kubernetes`, and at what the namespace adds.",
  ],
  [
    /^NotFound: namespaces|namespaces "[^"]*" not found/i,
    "`tazpod setup-cluster` prints what makes the namespace; or set `namespace` below `kubernetes`.",
  ],
  [
    /forbidden/i,
    "`tazpod doctor` lists the rights that are missing; `tazpod setup-cluster` prints the role that gives them.",
  ],
  [
    /ErrImageNeverPull|ImagePull|InvalidImageName/i,
    "Set `image` to one that the cluster's nodes can pull; a private registry needs `image_pull_secrets` below `kubernetes`.",
  ],
  [/image's user/i, "Set `uid`, `gid` and `home` below `kubernetes` to those of the image's user."],
  [
    /Unschedulable|nodes are available/i,
    "Wait for a node, lower `requests` below `kubernetes`, or correct `node_selector` and `tolerations`.",
  ],
  [/Evicted|OOMKilled/i, "Raise `requests` and `limits` of memory below `kubernetes`."],
];

function explainPodStart(name: string, detail: string): Explanation {
  const hint = podHints.find(([pattern]) => pattern.test(detail))?.[1];
  return explanation(
    `The pod of ${name} did not start: ${detail}`,
    hint ??
      "`kubectl describe pod` shows more. `tazpod down` removes it, and the next start creates it again.",
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
