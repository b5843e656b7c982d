import type { FailureOf } from "../../failure/failure.js";
import type { ContainerSpec, ContainerUser, EngineName } from "../engine.js";

/** Why an engine is not to be had. */
type Why = FailureOf<"engine-unavailable">["why"];

/** What `create` is told in an engine's own way. */
export interface CreateOptions {
  /** The options of a tmpfs that give it to the container's user. */
  readonly tmpfsOwner: string;
  readonly network: string;
  readonly more: readonly string[];
}

/** What differs between command lines that are alike otherwise. Messages are those of the versions named in docs/engines.md. */
export interface CliFlavor {
  /** Before every command. */
  readonly flags: readonly string[];
  /** Prints the version; fails where the engine would not work. */
  readonly version: readonly string[];
  /** What, and how it is answered by an engine that runs without root. */
  readonly rootless: { readonly argv: readonly string[]; readonly says: string };
  /** Whether `options` depends on whether it runs without root. */
  readonly needsRootless: boolean;
  /** The first that matches what a command said tells why the engine is not to be had. */
  readonly errorPatterns: readonly (readonly [RegExp, Why])[];
  /** What an image is to be called so that it is the one that Docker would pull. */
  fullImageName(image: string): string;
  /** Asks the image's registry for it, without pulling. */
  manifestArguments(image: string): readonly string[];
  createOptions(spec: ContainerSpec, user: ContainerUser, rootless: boolean): CreateOptions;
}

const docker: CliFlavor = {
  flags: [],
  version: ["version", "--format", "{{.Server.Version}}"],
  rootless: { argv: ["info", "--format", "{{json .SecurityOptions}}"], says: "name=rootless" },
  needsRootless: false,
  errorPatterns: [
    [/permission denied while trying to connect/i, "permission"],
    [
      /cannot connect to the docker daemon|error during connect|failed to connect to the docker api|is the docker daemon running/i,
      "not-answering",
    ],
  ],
  fullImageName: (image) => image,
  // the command line asks by itself; unlike the engine, it takes a registry of this host for one with a certificate
  manifestArguments: (image) => [
    ...["manifest", "inspect"],
    ...(/^(localhost|127\.[\d.]+|\[::1\])(:\d+)?\//.test(image) ? ["--insecure"] : []),
    image,
  ],
  createOptions: ({ network }, { uid, gid }) => ({ tmpfsOwner: `uid=${uid},gid=${gid}`, network, more: [] }),
};

const podman: CliFlavor = {
  // its warnings would stand in the user's terminal
  flags: ["--log-level", "error"],
  // there need be no server; what it cannot work without it misses here, too
  version: ["version", "--format", "{{.Client.Version}}"],
  rootless: { argv: ["info", "--format", "{{.Host.Security.Rootless}}"], says: "true" },
  needsRootless: true,
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
  manifestArguments: (image) => ["manifest", "inspect", podman.fullImageName(image)],
  createOptions: ({ network, user: name }, { uid, gid }, rootless) => ({
    // uid= and gid= are refused; `U` is for the user that the container starts with
    tmpfsOwner: "U,notmpcopyup",
    // a bridge, or what an ordinary user has in its place
    network: network === "bridge" ? "private" : network,
    more: [
      ...["--user", name],
      // the host's user is the container's, so that the project is his; root in the container is the host's user anyway
      ...(rootless && uid !== 0 ? ["--userns", `keep-id:uid=${uid},gid=${gid}`] : []),
      // else the host's variables for a proxy, which may hold a password, would stay in the container
      "--http-proxy=false",
      // where there is SELinux, the project and ~/.ssh could not be read without labelling the host's own files anew
      ...["--security-opt", "label=disable"],
    ],
  }),
};

export function flavorOf(name: EngineName): CliFlavor {
  return name === "podman" ? podman : docker;
}

/** What a command in a container that is not there, or does not run, is answered. */
export const isNotRunning = (stderr: string): boolean =>
  /is not running|no such container|container state improper/i.test(stderr);

/** What of a network is not to be had, from why a container does not start; undefined when that is not why. */
export function missingNetworkComponent(stderr: string): string | undefined {
  const tun = /\/dev\/net\/tun\\*"?\)?: ([A-Z][a-z ]+)/.exec(stderr)?.[1];
  if (tun !== undefined) return `/dev/net/tun: ${tun}`;
  const program = /could not find (slirp4netns|pasta)|plugin "(bridge)"/.exec(stderr);
  return program ? `there is no ${program[1] ?? "plugin for a bridge"}` : undefined;
}
