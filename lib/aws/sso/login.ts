/** A login by IAM Identity Center, and the role it is for. */
export interface SsoLogin {
  readonly startUrl: string;
  /** Of IAM Identity Center; not the bucket's. */
  readonly region: string;
  readonly accountId: string;
  readonly roleName: string;
  /** What the client asks for when it registers. Without `sso:account:access` no refresh token is given. */
  readonly scopes: readonly string[];
  /** The name of the sso-session in the AWS configuration, where it comes from there. */
  readonly session?: string;
  /** The profile it comes from; undefined when the project's config has it. */
  readonly profile?: string;
  readonly sharesAwsCache: boolean;
}

export const defaultScopes = ["sso:account:access"] as const;
