import type { Part } from "../vault/vault-parts.js";
import type { SsoSettings } from "../aws/client-config.js";
import type { EngineChoice, ImageBuild, Mount } from "../engine/engine.js";
import type { ConfigFile } from "../generated/config.js";
import type { Result } from "../failure/result.js";
import type { ProjectFiles } from "./project-files.js";
import type { KubernetesSettings } from "../engine/kubernetes/settings.js";
import type { RequestRule } from "./request-rule.js";

/** The location of the remote vault, with all defaults filled in. */
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

/** What the container gets from its host, and links in the home. */
export interface ContainerSettings {
  /** Paths of the vault that are linked into the home while open. */
  readonly bridges: readonly string[];
  /** Each `IP:HOST:CONTAINER/tcp` (or `/udp`). */
  readonly ports: readonly string[];
  readonly mounts: readonly Mount[];
  /** Environment variables of the shell. */
  readonly env: Readonly<Record<string, string>>;
}

/** Settings while a shell is open. Times in ms; 0 means never. */
export interface SessionConfig {
  /** Interval of automatic saving: the most work that can be lost. */
  readonly autosaveMs: number;
  /** True if automatic saves are also pushed. */
  readonly autopush: boolean;
  /** Idle time (without a key pressed) after which the shell ends. */
  readonly idleMs: number;
  /** Time without any tazpod after which an open, saved vault is locked from inside. */
  readonly unattendedMs: number;
  /** Whether programs in the container may request commands; undefined leaves it to what the engine isolates. */
  readonly requests: "off" | "ask" | undefined;
}

/** A part of the vault that can be opened separately. */
export interface ConfiguredPart extends Part {
  /** True if it is opened only when named. */
  readonly onRequest: boolean;
}

/** How to build the image. Paths are relative to the project's folder. */
export interface BuildSettings {
  /** The Dockerfile, or its folder. */
  readonly dockerfile: string;
  /** Default: the Dockerfile's folder. */
  readonly context?: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
}

/** A project's settings, with all defaults filled in. */
export interface Config extends ContainerSettings {
  /** The image; with `build`, the name of the built image. */
  readonly image: string;
  readonly build?: BuildSettings;
  readonly containerName: string;
  readonly user: string;
  readonly ghostMode: boolean;
  readonly engine: EngineChoice;
  readonly network: "bridge" | "host" | "none";
  /** Whether the container mounts the project's folder or has a synced copy of it. */
  readonly workspace: "mount" | "copy";
  /** Always `none` with `workspace: copy`, since the container may be on another machine. */
  readonly ssh: "auto" | "agent" | "mount" | "none";
  readonly git: "identity" | "none";
  /** Limits of the container; the engine's defaults apply to the rest. */
  readonly limits: { readonly processes?: number; readonly memoryBytes?: number };
  readonly kubernetes: KubernetesSettings;
  readonly shell?: readonly string[];
  readonly remote: RemoteConfig;
  /** The format of a new vault; an existing vault keeps its own. */
  readonly vaultFormat: "age" | "v1";
  /** Number of history copies to keep on the remote; all, unless above 0. */
  readonly retention?: number;
  /** Maximum scrypt work factor (log2 of N) that a remote vault may require. */
  readonly workFactor: number;
  /** Size of the RAM folder, in bytes. */
  readonly secretsBytes: number;
  readonly parts: readonly ConfiguredPart[];
  readonly session: SessionConfig;
  /** The rules for requested commands that the project proposes. */
  readonly requestRules: readonly RequestRule[];
  /** Time that a program has to end after a signal or its time limit, before it is killed. */
  readonly graceMs: number;
  /** Settings that have no effect, as text. */
  readonly notes: readonly string[];
}

/** A project, found and loaded. */
export interface Project {
  /** Absolute, links resolved. */
  readonly root: string;
  /** False without a .tazpod/config.yaml; then the config is all defaults. */
  readonly initialised: boolean;
  readonly configFile: string;
  /** The local settings of this host, if there are any. */
  readonly localFile?: string;
  readonly vaultFolder: string;
  readonly vaultFile: string;
  readonly config: Config;
  /** The config as written, with the local settings over it. */
  readonly written: ConfigFile;
  /** The files read in this run. */
  readonly files: ProjectFiles;
  /** The image build that `config.build` names, or why it cannot be built. */
  readonly build?: Result<ImageBuild>;
}
