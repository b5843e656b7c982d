// As in s3-sdk.ts.
export { GetRoleCredentialsCommand, LogoutCommand, SSOClient } from "@aws-sdk/client-sso";
