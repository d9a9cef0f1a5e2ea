// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * The files of the disks that an OVF describes, in its order. Empty disks have none. Pure.
 * @param xml - the description, an XML document
 */
export function disksOfOvf(xml: string): readonly string[] {
  const files = new Map(elements(xml, 'File').map((file) => [attribute(file, 'id'), attribute(file, 'href')]));
  return elements(xml, 'Disk').flatMap((disk) => {
    const reference = attribute(disk, 'fileRef');
    return (reference === undefined ? undefined : files.get(reference)) ?? [];
  });
}

/** The start tags of all elements with a name, whatever the prefix of its namespace. */
function elements(xml: string, name: string): readonly string[] {
  return xml.match(new RegExp(`<(?:\\w+:)?${name}\\s[^>]*>`, 'g')) ?? [];
}

function attribute(tag: string, name: string): string | undefined {
  const [, double, single] = new RegExp(`\\s(?:\\w+:)?${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(tag) ?? [];
  return (double ?? single)?.replace(/&(amp|lt|gt|quot|apos);/g, (_, entity: string) => entities[entity] ?? '');
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
