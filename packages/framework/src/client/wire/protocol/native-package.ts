import { createRequire } from 'node:module';
import { UnsupportedCodec } from './unpack-errors.js';

/**
 * Loads a package that has a binary per platform when it is first needed: a platform without one loses a compression, not
 * the whole client.
 *
 * @throws UnsupportedCodec if it cannot be loaded
 */
export function loadNativePackage(name: string): unknown {
  try {
    return createRequire(import.meta.url)(name);
  } catch (error) {
    throw new UnsupportedCodec(
      `the package ${name}, which unpacks them, cannot be loaded here. Install it with its optional dependencies on a ` +
        'platform that it has a binary for, or have the producer use another compression.',
      { cause: error },
    );
  }
}
