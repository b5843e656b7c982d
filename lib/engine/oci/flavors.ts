import type { FailureOf } from "../../failure/failure.js";
import { clientProxies, withoutClientProxies } from "./client-proxies.js";
import type { ContainerSpec, ContainerUser, EngineName } from "../engine.js";

/** Why an engine is unavailable. */
type Why = FailureOf<"engine-unavailable">["why"];

/** Options of `create` that differ between engines. */
export interface CreateOptions {
  /** The tmpfs options that make the container's user its owner. */
  readonly tmpfsOwner: string;
  /** Further fields of the mount of an empty tmpfs: podman fills one with what the folder holds. */
  readonly emptyTmpfs: readonly string[];
  readonly network: string;
  readonly more: readonly string[];
}

/**
 * The differences between the command lines of docker and podman. Messages are from the versions in docs/engines.md.
 */
export interface CliFlavor {
  /** Arguments before every command. */
  readonly flags: readonly string[];
  /** Prints the version; fails if the engine does not work. */
  readonly version: readonly string[];
  /** A command, and the text that a rootless engine prints for it. */
  readonly rootless: { readonly argv: readonly string[]; readonly says: string };
  /** True if the engine itself maps the container's user to the user on the host (podman for an ordinary user). */
  readonly mapsIds: boolean;
  /** True if `createOptions` depends on rootless mode. */
  readonly needsRootless: boolean;
  /** The value of `--detach-keys` with which a terminal is not detached by accident. */
  readonly detachKeys: string;
  /** The first pattern that matches stderr tells why the engine is unavailable. */
  readonly errorPatterns: readonly (readonly [RegExp, Why])[];
  /** Returns the full name of the image that Docker would pull. */
  fullImageName(image: string): string;
  /** Returns the arguments that query the registry without pulling. */
  manifestArguments(image: string): readonly string[];
  /** Returns variables with the proxies that programs in the container are to use. */
  proxies(): Promise<Readonly<Record<string, string>>>;
  createOptions(spec: ContainerSpec, user: ContainerUser, rootless: boolean): CreateOptions;
}

const docker: CliFlavor = {
  flags: [],
  version: ["version", "--format", "{{.Server.Version}}"],
  rootless: { argv: ["info", "--format", "{{json .SecurityOptions}}"], says: "name=rootless" },
  mapsIds: false,
  needsRootless: false,
  // Docker cannot switch them off, and delays the first key until the next: Ctrl-@ is itself the start of a sequence in
  // the programs that use it, unlike the default Ctrl-P, which shells use for the previous command
  detachKeys: "ctrl-@,ctrl-_,ctrl-@,ctrl-^,ctrl-_,ctrl-@,ctrl-^,ctrl-_",
  errorPatterns: [
    [/permission denied while trying to connect/i, "permission"],
    [
      /cannot connect to the docker daemon|error during connect|failed to connect to the docker api|is the docker daemon running/i,
      "not-answering",
    ],
  ],
  fullImageName: (image) => image,
  // the docker client queries the registry itself and, unlike the daemon, expects TLS from a registry on localhost
  manifestArguments: (image) => [
    ...["manifest", "inspect"],
    ...(/^(localhost|127\.[\d.]+|\[::1\])(:\d+)?\//.test(image) ? ["--insecure"] : []),
    image,
  ],
  createOptions: ({ network }, { uid, gid }) => ({
    tmpfsOwner: `uid=${uid},gid=${gid}`,
    emptyTmpfs: [],
    network,
    more: [...withoutClientProxies],
  }),
  proxies: clientProxies,
};

const podman: CliFlavor = {
  // keeps its warnings out of the user's terminal
  flags: ["--log-level", "error"],
  // podman may have no server; its client reports the same problems
  version: ["version", "--format", "{{.Client.Version}}"],
  rootless: { argv: ["info", "--format", "{{.Host.Security.Rootless}}"], says: "true" },
  mapsIds: true,
  needsRootless: true,
  detachKeys: "",
  errorPatterns: [
    [
      /no sub[ug]id ranges|requires additional UIDs|insufficient UIDs or GIDs|required for rootless mode|cannot set up namespace|cannot clone:|user namespaces are not enabled|new[ug]idmap/i,
      "user-namespace",
    ],
    [
      /(cannot|unable to) connect to podman|conmon version|working conmon|runtime "[^"]*" not found|database configuration|graph driver|creating (runtime|events) /i,
      "not-answering",
    ],
  ],
  fullImageName(image) {
    const [first = "", ...rest] = image.split("/");
    if (rest.length > 0 && (/[.:]/.test(first) || first === "localhost")) return image;
    return `docker.io/${rest.length === 0 ? "library/" : ""}${image}`;
  },
  proxies: async () => ({}),
  manifestArguments: (image) => ["manifest", "inspect", podman.fullImageName(image)],
  createOptions: ({ network, user: name }, { uid, gid }, rootless) => ({
    // podman refuses uid= and gid=; `U` makes the container's user the owner
    tmpfsOwner: "U,notmpcopyup",
    emptyTmpfs: ["notmpcopyup"],
    // `private` is a bridge, or slirp4netns/pasta for an ordinary user
    network: network === "bridge" ? "private" : network,
    more: [
      ...["--user", name],
      // the host's user becomes the container's user, so they own the project; root in the container is the host's user
      // anyway
      ...(rootless && uid !== 0 ? ["--userns", `keep-id:uid=${uid},gid=${gid}`] : []),
      // keeps the host's proxy variables, which may hold a password, out of the container
      "--http-proxy=false",
      // with SELinux, the project and ~/.ssh would be unreadable unless the host's files were relabelled
      ...["--security-opt", "label=disable"],
    ],
  }),
};

export function flavorOf(name: EngineName): CliFlavor {
  return name === "podman" ? podman : docker;
}

/** Tells whether an engine's error means that the container does not exist or is not running. */
export const isNotRunning = (stderr: string): boolean =>
  /is not running|no such container|container state improper/i.test(stderr);

/** Extracts the missing network component from a start error; undefined if that was not the cause. */
export function missingNetworkComponent(stderr: string): string | undefined {
  const tun = /\/dev\/net\/tun\\*"?\)?: ([A-Z][a-z ]+)/.exec(stderr)?.[1];
  if (tun !== undefined) return `/dev/net/tun: ${tun}`;
  const program = /could not find (slirp4netns|pasta)|plugin "(bridge)"/.exec(stderr);
  return program ? `${program[1] ?? "the CNI plugin bridge"} is missing` : undefined;
}
