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
}
