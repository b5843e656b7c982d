import type { OutputFilter } from "../host/foreground.js";
import type { Finished, Piped, ProcessOptions } from "../host/process.js";
import type { Result } from "../failure/result.js";

/**
 * The engines, in the order that `auto` tries them. `auto` never chooses `process`, which isolates nothing, nor
 * `kubernetes`, which is on other machines.
 */
export const engineNames = ["docker", "podman", "namespace", "process", "kubernetes"] as const;

export type EngineName = (typeof engineNames)[number];

/** The engine to use: a named one, or `auto` for the first one that works. */
export type EngineChoice = EngineName | "auto";

/** A file or folder of the host that is mounted in a container. */
export interface Mount {
  /** Absolute path on the host. */
  readonly source: string;
  /** Absolute path in the container. */
  readonly target: string;
  readonly readOnly: boolean;
}

/** A Dockerfile to build an image from. */
export interface ImageBuild {
  /** Path in the project, for messages. */
  readonly dockerfile: string;
  /** Content when the project was loaded; exactly this is built. */
  readonly text: string;
  /** The folder with the files to copy, absolute. */
  readonly context: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
}

/** The settings of a container. If any of them changes, the container has to be made again. */
export interface ContainerSpec {
  readonly name: string;
  /**
   * The project's folder on the host, absolute, links resolved. It is mounted at /workspace and identifies the owner.
   */
  readonly project: string;
  readonly image: string;
  /** How to build the image; absent for an image that is pulled. */
  readonly build?: ImageBuild;
  readonly user: string;
  /** Size of the RAM folder, in bytes. */
  readonly secretsBytes: number;
  readonly network: "bridge" | "host" | "none";
  /** Maximum number of processes; 4096 by default. */
  readonly processes?: number;
  /** Maximum memory in bytes, including the RAM folder; unlimited by default. */
  readonly memoryBytes?: number;
  /** Ports published on the host, each as `IP:HOST:CONTAINER/tcp` (or `/udp`). */
  readonly ports: readonly string[];
  readonly mounts: readonly Mount[];
  /**
   * `copy`: /workspace is a volume with a copy of the project; `empty`: an empty folder in RAM, only in a helper
   * container. Default: `mount`.
   */
  readonly workspace?: "mount" | "copy" | "empty";
  /** The host's ~/.ssh, absolute, mounted read-only; absent if not requested. */
  readonly sshFolder?: string;
  /** The host folder, absolute, with sockets to the ssh-agent; absent if not requested. */
  readonly agentFolder?: string;
  /** Further settings of a pod, as they count for its hash. */
  readonly pod?: object;
}

/** The state of a container, as the engine reports it. */
export type ContainerState =
  | {
      readonly state: "absent";
      /** How the last container of this name ended by itself, where the engine has a record of that. */
      readonly ended?: string;
    }
  | {
      /**
       * `stopped`: no process runs in it, and its RAM folder is gone. `not-ready`: paused, restarting, or in a state that
       * tazpod does not know; the RAM folder may be there, but nothing can be run in it.
       */
      readonly state: "running" | "stopped" | "not-ready";
      /** The state in the engine's own word. */
      readonly reported: string;
      readonly id: string;
      /** When the container was last started, in the engine's format. The RAM folder is as old as that. */
      readonly startedAt: string;
      /** The project folder it was made for; undefined if tazpod did not make it. */
      readonly owner: string | undefined;
      readonly specHash: string | undefined;
      /** The content id of the image in the settings when it was made. */
      readonly imageId: string;
      /** The user's home in the container. */
      readonly home: string;
      /** The RAM folder in the container, if it is not `secrets` in the home. */
      readonly secrets?: string;
      /** Free bytes for the RAM folder, if it shares its file system with others. */
      readonly freeBytes?: number;
      /** The id of the volume with the copy of the project; absent if the project is mounted. */
      readonly workspace?: string;
    };

/** The container's user, as the image defines it. */
export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
  /** Absolute path in the container. */
  readonly home: string;
  /** The user's name, if it differs from the one in the settings. */
  readonly name?: string;
  /** The image in which the user has these ids, and the content id of the one in the settings, if they differ. */
  readonly image?: { readonly name: string; readonly from: string };
}

/** A container that is removed when this process ends. */
export interface HelperContainer {
  readonly name: string;
  /** The RAM folder in it, if it is not `secrets` in the home. */
  readonly secrets?: string;
  /** Ends all its processes and removes it. */
  end(): Promise<void>;
}

/** A container among those that share a name. */
export interface ListedContainer {
  /** The engine's own name of it. */
  readonly name: string;
  /** Whose it is. */
  readonly owner: string;
  /** The state, in the engine's own word. */
  readonly state: string;
  /** When it was made, as ISO 8601. */
  readonly created: string;
  /** It is the one that this host uses, or a helper of the same owner. */
  readonly isOwn: boolean;
  readonly isHelper: boolean;
}

/** How a start that takes long is shown and interrupted. */
export interface StartProgress {
  readonly report: (text: string) => void;
  readonly signal?: AbortSignal;
}

interface ExecOptions extends ProcessOptions {
  readonly user: string;
  /** Limit of stdout, as for `capture`. */
  readonly limitBytes?: number;
}

interface ForegroundOptions {
  readonly user: string;
  /** True if the program gets a terminal. */
  readonly tty: boolean;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Time from the signal to SIGKILL; two seconds by default. */
  readonly graceMs?: number | undefined;
  /** Forwards the project's ports to this host while it runs, where the engine does not publish them. */
  readonly forwardsPorts?: boolean;
  /** Told what does not work but does not stop the program. */
  readonly warn?: (text: string) => void;
  /** Where stdout goes, if the program gets no stdin either. */
  readonly output?: 1 | 2 | undefined;
  /** Filters stdout and stderr; the program has no terminal then. */
  readonly filter?: OutputFilter;
}

/**
 * A container engine. Every method may fail with `engine-unavailable`, and none asks the user anything. Containers are
 * found by their exact name.
 */
export interface Engine {
  readonly name: EngineName;
  /** Returns the server's version. */
  version(): Promise<Result<string>>;
  /** Returns the address of the daemon that runs the containers; undefined if there is none or it is unknown. */
  address(): Promise<string | undefined>;
  /** Returns the spec without the settings that this engine ignores. */
  effectiveSpec(spec: ContainerSpec): ContainerSpec;
  /** Describes what a container shares with the host beyond the settings, one sentence each. */
  sharedWithHost(spec: ContainerSpec): readonly string[];
  /**
   * Returns the state of a container. With a user, programs will be run in it as that user next: an engine that keeps a
   * shell for them starts it at the same time.
   */
  inspect(name: string, user?: string): Promise<Result<ContainerState>>;
  /**
   * Returns the containers of a name, of every owner, with helpers and those that have ended. Absent where a name has one
   * container.
   */
  listContainers?(name: string): Promise<Result<readonly ListedContainer[]>>;
  /** Returns the content id of a local image, or undefined if it is not on this machine. */
  imageId(image: string): Promise<Result<string | undefined>>;
  /** Pulls an image. Failure: `image-unavailable`. */
  pull(image: string, onLine: (line: string) => void, signal: AbortSignal): Promise<Result<void>>;
  /** Builds an image and names it. Absent for engines without images. Failure: `build-failed`. */
  build?(
    image: string,
    build: ImageBuild,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<Result<void>>;
  /** Checks that the registry has an image. Absent for engines without images. Failure: `image-unavailable`. */
  canPull?(image: string, signal: AbortSignal): Promise<Result<void>>;
  /** Looks up a user in the image. Failure: `image-unusable` (no such user, no sh, no tar). */
  lookUp(image: string, user: string): Promise<Result<ContainerUser>>;
  /**
   * Returns the user with the ids of the user on the host, if the image's user could not write the project. Absent for
   * engines without images.
   */
  matchUser?(spec: ContainerSpec, user: ContainerUser, imageId: string): Promise<Result<ContainerUser>>;
  /**
   * Creates a container. Failures: `changed-meanwhile` if it exists by now; `container-foreign` if the volume belongs
   * to another project.
   */
  create(spec: ContainerSpec, user: ContainerUser): Promise<Result<void>>;
  /**
   * Runs a helper container of this name next to the project's, from the project's spec. It is removed by `end`, or when
   * this process ends for any reason. Absent for engines that do not isolate containers from each other. Failure:
   * `container-start`.
   */
  runHelper?(spec: ContainerSpec, user: ContainerUser, name: string): Promise<Result<HelperContainer>>;
  /**
   * Removes helper containers that a killed process left, and records of containers that have ended. Absent for engines
   * that leave none.
   */
  removeLeftovers?(spec: Pick<ContainerSpec, "name" | "project">): Promise<Result<void>>;
  /** Starts a container; one that takes long says what it waits for. Failure: `container-start`. */
  start(name: string, progress?: StartProgress): Promise<Result<void>>;
  /** Stops and removes a container, if it exists. Keeps the copy of the project. */
  remove(name: string): Promise<Result<void>>;
  /**
   * Removes the copy of the project after its container was removed. Leaves a volume that belongs to another project.
   */
  removeCopy(spec: Pick<ContainerSpec, "name" | "project">): Promise<Result<void>>;
  /** Runs a program to its end. A stream that is its input is ended then, read or not. */
  exec(name: string, argv: readonly string[], options: ExecOptions): Promise<Result<Finished>>;
  execPiped(name: string, argv: readonly string[], options: ExecOptions): Piped;
  /** Runs a program in this terminal until it ends. */
  foreground(name: string, argv: readonly string[], options: ForegroundOptions): Promise<Result<Finished>>;
}
