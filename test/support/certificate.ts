import { execa } from 'execa';
import { join } from 'node:path';

/** Makes an authority (`ca.pem`) and a certificate for `db1.internal` in a folder; answers with a server's arguments. */
export async function certificateArgs(folder: string): Promise<string[]> {
  const openssl = async (...args: string[]) => await execa('openssl', args, { cwd: folder });
  const subject = (name: string) => ['-subj', `/CN=${name}`, '-newkey', 'rsa:2048', '-nodes'];
  await openssl('req', '-x509', ...subject('authority'), '-keyout', 'ca.key', '-out', 'ca.pem');
  await openssl('req', ...subject('db1.internal'), '-keyout', 'key.pem', '-out', 'request.pem');
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'cert.pem'];
  await openssl('x509', '-req', '-in', 'request.pem', ...signing);
  const files = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' };
  return Object.entries(files).map(([name, file]) => `--ssl-${name}=${join(folder, file)}`);
}
