import type { IncomingHttpHeaders } from 'node:http';

/** S3's name of what a request asks for; `GetRange` is a GetObject of a part of it. */
export function operationOf(method: string, url: URL, headers: IncomingHttpHeaders): string {
  const has = (name: string): boolean => url.searchParams.has(name);
  const bucketOnly = url.pathname.split('/').filter(Boolean).length < 2;
  if (has('lifecycle')) return 'Lifecycle';
  if (has('partNumber')) return 'UploadPart';
  if (has('uploadId'))
    return method === 'DELETE' ? 'AbortMultipartUpload' : 'CompleteMultipartUpload';
  if (has('uploads')) return method === 'GET' ? 'ListMultipartUploads' : 'CreateMultipartUpload';
  if (has('delete')) return 'DeleteObjects';
  if (bucketOnly) return method === 'GET' ? 'ListObjects' : `${method}Bucket`;
  if (method === 'GET' && headers.range !== undefined) return 'GetRange';
  return (
    { PUT: 'PutObject', GET: 'GetObject', HEAD: 'HeadObject', DELETE: 'DeleteObject' }[method] ??
    method
  );
}
