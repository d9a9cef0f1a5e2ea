// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * Alpy must not disturb a link. So a node generates no IPv6 address (hence no router solicitation and no duplicate address
 * detection), and does not drop packets because of an asymmetric route.
 */
export const sysctls4 = {
  'net.ipv4.conf.all.rp_filter': '0',
  'net.ipv4.conf.default.rp_filter': '0',
  'net.ipv4.ip_unprivileged_port_start': '0', // for IPv6, too: servers beside the node need neither root nor capabilities
};
/** The same for IPv6, which a kernel may lack. */
export const sysctls6 = {
  'net.ipv6.conf.all.disable_ipv6': '0', // Docker disables it for containers without a Docker network
  'net.ipv6.conf.default.addr_gen_mode': '1',
  'net.ipv6.conf.default.accept_ra': '0',
  'net.ipv6.conf.default.dad_transmits': '0',
};

/** Content of /etc/hosts in nodes and apps: what the daemon writes for containers without a Docker network. */
export const hostsText = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
`;
