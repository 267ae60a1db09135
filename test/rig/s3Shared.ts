import { inject } from 'vitest';

/** The rig's S3 service. */
export const s3 = inject('s3');
