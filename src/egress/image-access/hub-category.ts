import type { ImageRules } from './image-rules.js';

export interface CategoryAnswer {
  readonly allowed: boolean;
  readonly place: string;
  readonly reason: string;
}

type HubRules = Pick<ImageRules, 'organizations' | 'publishers'> & {
  readonly hub: NonNullable<ImageRules['hub']>;
};

/**
 * What the categories of Image Access Management say of a repository of Docker Hub: Organization always, Docker Official (`library/`), Verified Publisher by the
 * signed list, and Community everything else. Who is a publisher is not known without a list in order: then nobody is.
 */
export function hubCategory(
  path: string,
  { hub, organizations, publishers }: HubRules,
  setting: string,
): CategoryAnswer {
  const namespace = path.split('/')[0] ?? '';
  const answer = (key: keyof typeof hub, allowed: boolean, images: string): CategoryAnswer => ({
    allowed,
    place: `${setting}.hub.${key}`,
    reason: `${images} images not allowed`,
  });
  if (organizations.has(namespace)) return answer('organizations', true, 'organization');
  if (namespace === 'library') return answer('official', hub.official, 'official');
  if (publishers.namespaces.has(namespace))
    return answer('verifiedPublishers', hub.verifiedPublishers || hub.community, 'verified publisher');
  const { missing } = publishers;
  return answer(
    'community',
    hub.community,
    hub.verifiedPublishers && missing !== undefined ? `${missing}, and community` : 'community',
  );
}
