// SPDX-License-Identifier: GPL-3.0-or-later

/** Addresses and routes of an interface. */
export interface AddressConfig {
  /** address with its prefix length, such as `192.168.1.2/24` or `fd00::2/64`; several in a list */
  readonly address?: string | readonly string[] | undefined;
  /** default route; at most one for IPv4 and one for IPv6 */
  readonly gateway?: string | readonly string[] | undefined;
  /** other routes */
  readonly routes?: readonly { readonly to: string; readonly via: string }[] | undefined;
  /** largest frame without its header, in `bytes` */
  readonly mtu?: number | undefined;
}

/** A VLAN of an interface. The node's interface for it is `eth0.5`. */
export interface VlanConfig extends AddressConfig {
  /** 1 to 4094 */
  readonly id: number;
  /** type of its tags; default `802.1Q` */
  readonly protocol?: '802.1Q' | '802.1ad' | undefined;
}

/** How a node's interface is configured. */
export interface InterfaceConfig extends AddressConfig {
  /** hardware address; stays as it is by default */
  readonly mac?: string | undefined;
  /** VLANs whose frames have a tag on the link; they need 802.1Q in the kernel of Docker's host, or a node of kind `guest` */
  readonly vlans?: readonly VlanConfig[] | undefined;
}

/** Several interfaces of a node that act as one, `bond0`, which has the addresses. */
export interface BondConfig extends InterfaceConfig {
  /** how it uses its interfaces; `802.3ad` is LACP */
  readonly mode: '802.3ad' | 'active-backup' | 'balance-alb' | 'balance-rr' | 'balance-tlb' | 'balance-xor' | 'broadcast';
  /** its interfaces, such as `eth0`; default: all of the node */
  readonly interfaces?: readonly string[] | undefined;
}

/** How programs on a node find the addresses of names. */
export interface ResolverConfig {
  /** addresses of one to three DNS servers, in the order in which they are asked */
  readonly servers: string | readonly string[];
  /** domains in which a name without a dot is looked up */
  readonly search?: string | readonly string[] | undefined;
}

/** A DHCP server. Besides IPv6 addresses it sends router advertisements. */
export interface DhcpOptions {
  /**
   * first and last address that it gives out, such as `192.168.1.100-192.168.1.199`; one for IPv4, one for IPv6, or both in a
   * list; default: the upper half of each of the node's networks
   */
  readonly range?: string | readonly string[] | undefined;
  /** default route of the clients for IPv4; default: the node */
  readonly gateway?: string | undefined;
  /** DNS servers of the clients; default: the node, if it has a DNS server */
  readonly dns?: string | readonly string[] | undefined;
  /** domain of the clients */
  readonly domain?: string | undefined;
  /** how long a lease lasts, in `s`; default 86400, a day */
  readonly leaseSeconds?: number | undefined;
  /** clients that always get the same address */
  readonly hosts?: readonly { readonly mac: string; readonly address: string; readonly name?: string | undefined }[] | undefined;
  /** file to boot from, or its URL */
  readonly bootFile?: string | undefined;
  /** TFTP server that has the boot file; default: the node */
  readonly nextServer?: string | undefined;
  /** other DHCPv4 options, by number, such as `{ 66: '192.168.1.1' }` */
  readonly options?: Readonly<Record<string, string>> | undefined;
}

/** A DNS server. It answers that any other name does not exist. */
export interface DnsOptions {
  /** addresses of names */
  readonly records?: Readonly<Record<string, string | readonly string[]>> | undefined;
}

/** Which files a server offers: those of a folder, or single ones. */
export interface ServedFiles {
  /** folder of this machine */
  readonly root?: string | undefined;
  /** content of each file, by its path on the server, or `{ file }` with the path of a file of this machine */
  readonly files?: Readonly<Record<string, string | { readonly file: string }>> | undefined;
}

/** A web server. */
export interface HttpOptions extends ServedFiles {
  /** default 80 */
  readonly port?: number | undefined;
}

/** A TFTP server, which only lets clients read. */
export type TftpOptions = ServedFiles;

/** An NTP server with the time of this machine. */
export interface NtpOptions {
  /** its distance from a reference clock; 8 by default */
  readonly stratum?: number | undefined;
}

/** A syslog server, for UDP and TCP. */
export interface SyslogOptions {
  /** default 514 */
  readonly port?: number | undefined;
}

/** A RADIUS server, for authentication and accounting. */
export interface RadiusOptions {
  /** what it shares with its clients */
  readonly secret: string;
  /** passwords of users */
  readonly users: Readonly<Record<string, string>>;
}

/** The services that a configuration can declare for a node. */
export interface DeclaredServices {
  readonly dhcp?: DhcpOptions | undefined;
  readonly dns?: DnsOptions | undefined;
  readonly http?: HttpOptions | undefined;
  readonly tftp?: TftpOptions | undefined;
  readonly ntp?: NtpOptions | undefined;
  readonly syslog?: SyslogOptions | undefined;
}

/** What can change on a node that runs. */
export interface NodeChanges extends InterfaceConfig {
  /** combines interfaces into one; it needs bonding in the kernel of Docker's host, or a node of kind `guest` */
  readonly bond?: BondConfig | undefined;
  /** kernel settings of its network, by name: `{ 'net.ipv4.ip_forward': 1 }` */
  readonly sysctls?: Readonly<Record<string, number | string>> | undefined;
}

/** What a node has before the virtual CPU runs. Its own addresses and routes are those of its only interface. */
export interface NodeConfig extends NodeChanges, DeclaredServices {
  /** `guest`: a small virtual machine with a Linux kernel of its own, for features that the kernel of Docker's host lacks; default `container` */
  readonly kind?: 'container' | 'guest' | undefined;
  /** addresses and routes of a node with several interfaces, by the interfaces' names */
  readonly interfaces?: Readonly<Record<string, InterfaceConfig>> | undefined;
  /** DNS servers and search domains of its programs: its `/etc/resolv.conf` */
  readonly resolver?: ResolverConfig | undefined;
  /**
   * `true`: a router on its link leads to the outside, through Docker's network `bridge`, or through that of the daemon's machine if
   * Docker has no `bridge`; a name: through this network of Docker; default: false
   */
  readonly uplink?: boolean | string | undefined;
}
