import { ByteReader } from '../../protocol/byte-reader.js';
import { ByteWriter } from '../../protocol/byte-writer.js';
import { ApiKey, type ApiVersions, type VersionRange, type WireRequest } from './wire-request.js';

/** What the broker answers to ApiVersions; `undefined` if it does not know this version of the request. */
type Answer = ApiVersions | undefined;

const UNSUPPORTED_VERSION = 35;

/**
 * ApiVersions (KIP-35, KIP-511). The answer has response header 0 in every version, since it is read before anything is
 * known of the broker. A broker that does not know the version answers in version 0, with an error.
 */
export function apiVersionsRequest(version: 0 | 3, timeoutMs: number): WireRequest<Answer> {
  return {
    apiKey: ApiKey.apiVersions,
    version,
    isFlexible: version >= 3,
    hasPlainResponseHeader: true,
    timeoutMs,
    write: () => {
      const writer = new ByteWriter(32);
      if (version >= 3) writer.string('millrace', true).string('1', true).noTaggedFields();
      return writer.finish();
    },
    read: (body) => {
      const reader = new ByteReader(body);
      if (reader.int16() === UNSUPPORTED_VERSION) return undefined;
      const versions = new Map<number, VersionRange>();
      for (let left = reader.arrayLength(version >= 3, 6); left > 0; left--) {
        const key = reader.int16();
        versions.set(key, { min: reader.int16(), max: reader.int16() });
        if (version >= 3) reader.taggedFields();
      }
      return versions;
    },
  };
}

/**
 * The highest version of an API that both sides speak.
 *
 * @returns undefined if there is none
 */
export function chooseVersion(versions: ApiVersions, apiKey: number, ours: VersionRange): number | undefined {
  const theirs = versions.get(apiKey);
  if (theirs === undefined) return undefined;
  const version = Math.min(theirs.max, ours.max);
  return version >= Math.max(theirs.min, ours.min) ? version : undefined;
}
