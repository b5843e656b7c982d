/** The bucket of a project whose config names no remote. */
export const defaultBucket = "tazlab-storage";

/** How an S3 server is reached, as the config says. */
export interface S3Settings {
  /** The region requests are signed for. */
  readonly region: string;
  /** The profile of the AWS config, used when there are no keys in the environment. */
  readonly profile?: string;
  /** A server other than Amazon's. AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL do the same. */
  readonly endpoint?: string;
  /** Bucket in the path, not in the host's name. On unless given, where there is an endpoint. */
  readonly pathStyle?: boolean;
  readonly sso?: SsoSettings;
}

/** The login by IAM Identity Center, as the config says. */
export interface SsoSettings {
  /** Undefined when what the AWS profile says of it is to hold. */
  readonly portal?: SsoPortal;
  /** The login is kept where the AWS command line keeps it: on disk, in ~/.aws/sso/cache. */
  readonly sharesAwsCache: boolean;
}

interface SsoPortal {
  readonly startUrl: string;
  /** Of IAM Identity Center, which need not be the bucket's. */
  readonly region: string;
  /** Twelve digits. */
  readonly accountId: string;
  readonly roleName: string;
}
