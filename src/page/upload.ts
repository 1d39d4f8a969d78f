import { defer, Observable, switchMap } from 'rxjs';

import type { SharedFile } from './shared-file.js';
import { filePath } from './shared-file.js';

export type UploadStep =
  { readonly type: 'sent'; readonly bytes: number } | { readonly type: 'stored'; readonly file: SharedFile };

/** A larger file would need too much memory to be digested here: the service's digest alone tells what it is then. */
const DIGESTED_BYTES = 64 * 1_024 ** 2;

/** Uploads when subscribed to; to unsubscribe gives up. Fails with an Error that says why, for the user. */
export function upload(file: Blob, name: string): Observable<UploadStep> {
  return defer(() => digestOf(file)).pipe(switchMap((sha256) => put(file, name, sha256)));
}

function put(file: Blob, name: string, sha256: string | undefined): Observable<UploadStep> {
  return new Observable((subscriber) => {
    // fetch() can't tell how much of a body is sent.
    const request = new XMLHttpRequest();
    request.open('PUT', filePath(name));
    request.responseType = 'json';
    request.setRequestHeader('content-type', 'application/octet-stream');
    if (sha256 !== undefined) request.setRequestHeader('x-sha256', sha256);
    request.upload.onprogress = ({ loaded }) => subscriber.next({ type: 'sent', bytes: loaded });
    request.onerror = () => subscriber.error(new Error('the connection broke'));
    request.onload = () => {
      const answer = request.response as AnswerBody | null;
      if ((request.status === 201 || request.status === 200) && isSharedFile(answer)) {
        subscriber.next({ type: 'stored', file: answer });
        subscriber.complete();
      } else {
        subscriber.error(new Error(reasonOf(answer, request.status)));
      }
    };
    request.send(file);
    return () => request.abort();
  });
}

async function digestOf(file: Blob): Promise<string | undefined> {
  // Missing on pages that came without TLS.
  const subtle = crypto.subtle as SubtleCrypto | undefined;
  if (subtle === undefined || file.size > DIGESTED_BYTES) return undefined;
  const content = await file.arrayBuffer().catch(() => {
    throw new Error('it can’t be read: a folder, or gone by now');
  });
  const digest = new Uint8Array(await subtle.digest('SHA-256', content));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

type AnswerBody = Partial<SharedFile> & { readonly message?: string | readonly string[] };

function isSharedFile(answer: AnswerBody | null): answer is SharedFile {
  return (
    typeof answer?.name === 'string' && typeof answer.size === 'number' && typeof answer.sha256 === 'string'
  );
}

function reasonOf(answer: AnswerBody | null, status: number): string {
  const message = answer?.message ?? `the gateway answered ${String(status)}`;
  return typeof message === 'string' ? message : message.join('; ');
}
