import { basename } from "node:path";
import { defaultBucket } from "../aws/client-config.js";

/** What `init` writes, and what holds where a config says nothing. */
export const defaults = {
  image: "tazzo/tazpod-ai:latest",
  user: "tazpod",
  bucket: defaultBucket,
  region: "eu-central-1",
  key: "tazpod/vault/vault.tar.aes",
  secretsBytes: 64 * 1024 * 1024,
  /** 1 GiB of memory and a few seconds. */
  workFactor: 20,
} as const;

/** `<folder>-lab`, with what an engine does not take in a name replaced. */
export function containerName(root: string): string {
  const folder = basename(root)
    .replace(/[^a-zA-Z0-9_.-]+/g, "-")
    .replace(/^[^a-zA-Z0-9]+/, "");
  return `${folder === "" ? "tazpod" : folder}-lab`;
}

/** The name of the copy of the config's schema, beside the config: editors find it there however tazpod was installed. */
export const configSchemaName = "config.schema.json";

/** The text of .tazpod/.gitignore: the sealed vault and this host's state stay out of the repository. */
export const ignoreText = `# Written by tazpod: what must not be committed
/vault/
/*.local.yaml
`;
