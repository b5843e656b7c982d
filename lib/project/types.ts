/** Where the sealed vault is kept, with every default filled in. */
export interface RemoteConfig {
  /** `s3://bucket/key`, `file:///path/vault.tar.aes`, or `none`. */
  readonly url: string;
  readonly region: string;
  readonly profile?: string;
  readonly endpoint?: string;
  readonly pathStyle?: boolean;
  readonly singleWriter: boolean;
}

/** A project's settings, with every default filled in. */
export interface Config {
  readonly image: string;
  readonly containerName: string;
  readonly user: string;
  readonly ghostMode: boolean;
  readonly engine: "auto" | "docker";
  readonly network: "bridge" | "host" | "none";
  readonly ssh: "none" | "mount";
  readonly shell?: readonly string[];
  readonly remote: RemoteConfig;
  /** Of a new vault; one that is there keeps its own. */
  readonly vaultFormat: "age" | "v1";
  /** How many history copies to keep on the remote; all, unless it is above 0. */
  readonly retention?: number;
  /** Size of the RAM folder in bytes. */
  readonly secretsBytes: number;
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
}
