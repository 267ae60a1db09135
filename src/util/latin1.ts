/** The bytes of a text, each as a character: a dump, which holds bytes of all kinds, is read so. */
export const asLatin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** A text that was read so, for people. */
export const fromLatin1 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');
