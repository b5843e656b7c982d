import type { Transform } from "node:stream";
import type { Finished, Piped, ProcessOptions } from "../host/process.js";
import type { Result } from "../failure/result.js";

/** The engines, in the order in which `auto` takes what answers. It never takes `process`, which isolates nothing. */
export const engineNames = ["docker", "podman", "namespace", "process"] as const;

export type EngineName = (typeof engineNames)[number];

/** What is to run the container: one of them, or the first that answers. */
export type EngineChoice = EngineName | "auto";

/** A file or folder of the host that a container has. */
export interface Mount {
  /** Absolute path on the host. */
  readonly source: string;
  /** Absolute path inside. */
  readonly target: string;
  readonly readOnly: boolean;
}

/** A Dockerfile to build an image from. */
export interface ImageBuild {
  /** Its path in the project, for messages. */
  readonly dockerfile: string;
  /** Its content when the project was loaded; this is what is built. */
  readonly text: string;
  /** The folder whose files can be copied, absolute. */
  readonly context: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
}

/** What a container is made from. A change of any of it means making the container again. */
export interface ContainerSpec {
  readonly name: string;
  /** The project's folder on the host, absolute, links resolved: mounted at /workspace and the container's owner. */
  readonly project: string;
  readonly image: string;
  /** How the image is made where it is not here; absent where it is pulled. */
  readonly build?: ImageBuild;
  readonly user: string;
  /** Size of the RAM folder in bytes. */
  readonly secretsBytes: number;
  readonly network: "bridge" | "host" | "none";
  /** How many processes may run in it at the same time; 4096 unless given. */
  readonly processes?: number;
  /** How much memory it may use, the RAM folder included, in bytes; as much as the host has unless given. */
  readonly memoryBytes?: number;
  /** Published on the host, each as `IP:HOST:CONTAINER/tcp`, or udp. */
  readonly ports: readonly string[];
  readonly mounts: readonly Mount[];
  /** `copy`: the project is not mounted; /workspace is a volume with a copy of it. `mount` where it is missing. */
  readonly workspace?: "mount" | "copy";
  /** The host's ~/.ssh, absolute, mounted read-only; absent unless asked for. */
  readonly sshFolder?: string;
  /** The folder on the host, absolute, whose sockets lead to its ssh-agent; absent where none is wanted. */
  readonly agentFolder?: string;
}

/** A container as the engine describes it. */
export type ContainerState =
  | { readonly state: "absent" }
  | {
      readonly state: "running" | "stopped";
      readonly id: string;
      /** When it was last started, as the engine writes it; the RAM folder lives exactly as long. */
      readonly startedAt: string;
      /** The project folder it was made for; undefined when tazpod did not make it. */
      readonly owner: string | undefined;
      readonly specHash: string | undefined;
      /** The image's content id it was made from. */
      readonly imageId: string;
      /** The user's home inside. */
      readonly home: string;
      /** The room left for the RAM folder, in bytes, where that is not its own. */
      readonly freeBytes?: number;
      /** The id of the volume with a copy of the project; missing where that is mounted. */
      readonly workspace?: string;
    };

/** Who runs in a container: what the image says about the configured user. */
export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
  /** Absolute path inside. */
  readonly home: string;
  /** Where it is not what the settings call the user. */
  readonly name?: string;
}

/** A container that ends with this process. */
export interface HelperContainer {
  readonly name: string;
  /** Ends everything in it and removes it. */
  end(): Promise<void>;
}

interface ExecOptions extends ProcessOptions {
  readonly user: string;
  /** What `exec` keeps of stdout, as in `capture`. */
  readonly limitBytes?: number;
}

interface ForegroundOptions {
  readonly user: string;
  /** Whether the program gets a terminal of its own. */
  readonly tty: boolean;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** What its stdout and stderr each go through; there is no terminal then. */
  readonly filter?: () => Transform;
}

/**
 * A container engine. Every method may fail with `engine-unavailable`; none of them asks anything.
 * Containers are found by their exact name.
 */
export interface Engine {
  readonly name: EngineName;
  /** The server's version, when it answers. */
  version(): Promise<Result<string>>;
  /** The address of the other machine that it makes containers on; undefined where that is this one. */
  remoteAddress(): Promise<string | undefined>;
  /** Of what a container is to be made from, what this engine makes it from. */
  effectiveSpec(spec: ContainerSpec): ContainerSpec;
  /** What a container has in common with its host beyond what the settings name, in words. */
  sharedWithHost(spec: ContainerSpec): readonly string[];
  inspect(name: string): Promise<Result<ContainerState>>;
  /** The content id of an image that is here; undefined when it is not. */
  imageId(image: string): Promise<Result<string | undefined>>;
  /** Failure: `image-unavailable`. */
  pull(image: string, onLine: (line: string) => void, signal: AbortSignal): Promise<Result<void>>;
  /** Builds the image and gives it this name. Missing where containers are made from no image. Failure: `build-failed`. */
  build?(
    image: string,
    build: ImageBuild,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<Result<void>>;
  /**
   * Whether the registry has an image that is not here; missing where there are no images. Failure: `image-unavailable`.
   */
  canPull?(image: string, signal: AbortSignal): Promise<Result<void>>;
  /** Looks the user up in the image. Failure: `image-unusable` (no such user, no sh, no tar). */
  lookUp(image: string, user: string): Promise<Result<ContainerUser>>;
  /** Failures: `changed-meanwhile` when there is one by that name by now, `container-foreign` for another project's volume. */
  create(spec: ContainerSpec, user: ContainerUser): Promise<Result<void>>;
  /**
   * Runs a container beside the project's, which is removed when `end` is called or this process ends, however it ends.
   * Missing where containers are not isolated from each other. Failure: `container-start`.
   */
  runHelper?(spec: ContainerSpec, user: ContainerUser): Promise<Result<HelperContainer>>;
  /** Failure: `container-start`. */
  start(name: string): Promise<Result<void>>;
  /** Stops and removes; absent is fine. A copy of the project stays. */
  remove(name: string): Promise<Result<void>>;
  /** Removes the copy of a project whose container was removed; absent, or another project's, is fine. */
  removeCopy(spec: Pick<ContainerSpec, "name" | "project">): Promise<Result<void>>;
  exec(name: string, argv: readonly string[], options: ExecOptions): Promise<Result<Finished>>;
  execPiped(name: string, argv: readonly string[], options: ExecOptions): Piped;
  /** Runs a program on our terminal until it ends. */
  foreground(name: string, argv: readonly string[], options: ForegroundOptions): Promise<Result<Finished>>;
}
