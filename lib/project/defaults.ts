import { basename } from "node:path";

/** What `init` writes, and what holds where a config says nothing. */
export const defaults = {
  image: "tazzo/tazpod-ai:latest",
  user: "tazpod",
  bucket: "tazlab-storage",
  region: "eu-central-1",
  key: "tazpod/vault/vault.tar.aes",
  secretsBytes: 64 * 1024 * 1024,
} as const;

/** `<folder>-lab`, with what an engine does not take in a name replaced. */
export function containerName(root: string): string {
  const folder = basename(root)
    .replace(/[^a-zA-Z0-9_.-]+/g, "-")
    .replace(/^[^a-zA-Z0-9]+/, "");
  return `${folder === "" ? "tazpod" : folder}-lab`;
}

/** The text of a new .tazpod/config.yaml. */
export function configText(root: string): string {
  return `# Settings of this tazpod project. All keys: docs/config.md
image: ${defaults.image}
container_name: ${containerName(root)}
user: ${defaults.user}
ghost_mode: true # secrets only ever in RAM

# Where the sealed vault is kept. Also: file:///media/usb/vault.tar.aes, or none
remote:
  url: s3://${defaults.bucket}/${defaults.key}
  region: ${defaults.region}
  # profile: my-aws-profile

# How to log in, where no profile says it
# sso:
#   start_url: https://example.awsapps.com/start
#   region: eu-west-1
#   account_id: "123456789012"
#   role_name: my-role
`;
}

/** The text of .tazpod/.gitignore: the sealed vault and this host's state stay out of the repository. */
export const ignoreText = `# Written by tazpod: what must not be committed
/vault/
/*.local.yaml
`;
