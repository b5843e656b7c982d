import type { Part } from "../vault/vault-parts.js";
import type { SsoSettings } from "../aws/client-config.js";
import type { EngineChoice, ImageBuild, Mount } from "../engine/engine.js";
import type { ConfigFile } from "../generated/config.js";
import type { Result } from "../failure/result.js";
import type { ProjectFiles } from "./project-files.js";

/** Where the sealed vault is kept, with every default filled in. */
export interface RemoteConfig {
  /** `s3://bucket/key`, `file:///path/vault.tar.aes`, or `none`. */
  readonly url: string;
  readonly region: string;
  readonly profile?: string;
  readonly endpoint?: string;
  readonly pathStyle?: boolean;
  readonly singleWriter: boolean;
  readonly sso?: SsoSettings;
}

/** What the container has of its host, and the home of the vault. */
export interface ContainerSettings {
  /** Paths of the vault that are linked into the home while they are open. */
  readonly bridges: readonly string[];
  /** Each as `IP:HOST:CONTAINER/tcp`, or udp. */
  readonly ports: readonly string[];
  readonly mounts: readonly Mount[];
  /** Variables of the shell. */
  readonly env: Readonly<Record<string, string>>;
}

/** What goes on while a shell is open. Times in ms; 0 is never. */
export interface SessionConfig {
  /** At most so much work is lost when everything is killed. */
  readonly autosaveMs: number;
  /** What was saved in between is pushed, too. */
  readonly autopush: boolean;
  /** After so long without a key pressed, the shell is ended. */
  readonly idleMs: number;
  /** So long after every tazpod has gone, an open vault that was saved is closed from inside. */
  readonly unattendedMs: number;
}

/** A part of the vault that can be opened by itself. */
export interface ConfiguredPart extends Part {
  /** It is opened only by its name. */
  readonly onRequest: boolean;
}

/** How the image is built. Paths are relative to the project's folder. */
export interface BuildSettings {
  /** The Dockerfile, or the folder that has it. */
  readonly dockerfile: string;
  /** The Dockerfile's folder where it is missing. */
  readonly context?: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
}

/** A project's settings, with every default filled in. */
export interface Config extends ContainerSettings {
  /** The image of the container; with `build`, the name that is given to the one that is built. */
  readonly image: string;
  readonly build?: BuildSettings;
  readonly containerName: string;
  readonly user: string;
  readonly ghostMode: boolean;
  readonly engine: EngineChoice;
  readonly network: "bridge" | "host" | "none";
  /** The project's own folder is in the container, or a copy of it that is carried in and back. */
  readonly workspace: "mount" | "copy";
  /** `none` with a copy: the container may be on another machine. */
  readonly ssh: "auto" | "agent" | "mount" | "none";
  readonly git: "identity" | "none";
  /** Of the container; what is missing is the engine's default. */
  readonly limits: { readonly processes?: number; readonly memoryBytes?: number };
  readonly shell?: readonly string[];
  readonly remote: RemoteConfig;
  /** Of a new vault; one that is there keeps its own. */
  readonly vaultFormat: "age" | "v1";
  /** How many history copies to keep on the remote; all, unless it is above 0. */
  readonly retention?: number;
  /** The most scrypt work (log2 of N) that a vault from the remote may ask for. */
  readonly workFactor: number;
  /** Size of the RAM folder in bytes. */
  readonly secretsBytes: number;
  readonly parts: readonly ConfiguredPart[];
  readonly session: SessionConfig;
  /** What was read and has no effect, in words. */
  readonly notes: readonly string[];
}

export interface Project {
  /** Absolute, links resolved. */
  readonly root: string;
  /** False when there is no .tazpod/config.yaml; then the config is the defaults. */
  readonly initialised: boolean;
  readonly configFile: string;
  readonly vaultFolder: string;
  readonly vaultFile: string;
  readonly config: Config;
  /** The config as it is written. */
  readonly written: ConfigFile;
  /** What was read of the project in this run. */
  readonly files: ProjectFiles;
  /** What `config.build` names, read when the project was loaded, or why it cannot be built. */
  readonly build?: Result<ImageBuild>;
}
