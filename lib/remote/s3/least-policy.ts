import { folderOf } from "./location.js";

/**
 * The least that tazpod may do and still work: the vault, its history beside it, and the probe of a server's conditions,
 * all in the key's folder; and to be told that something is not there. Without s3:ListBucket S3 answers 403 for that.
 */
export function minimalPolicy(bucket: string, key: string): object {
  const arn = `arn:aws:s3:::${bucket}`;
  const folder = folderOf(key);
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "TazpodVault",
        Effect: "Allow",
        Action: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
        Resource: [`${arn}/${key}`, `${arn}/${folder}history/*`, `${arn}/${folder}.tazpod-probe-*`],
      },
      {
        Sid: "TazpodRemovesOldCopiesOnly",
        Effect: "Allow",
        Action: ["s3:DeleteObject", "s3:DeleteObjectVersion"],
        Resource: [`${arn}/${folder}history/*`, `${arn}/${folder}.tazpod-probe-*`],
      },
      { Sid: "TazpodSeesWhatIsThere", Effect: "Allow", Action: ["s3:ListBucket"], Resource: [arn] },
    ],
  };
}
