/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs on a container's cgroup that decide which packets leave and enter it. They see what every process in it
 * does, by whatever call, and nothing in it can take them off.
 *
 *	connect		the verdict where the caller can be told: EPERM at once
 *	sock_create	no raw sockets, none of another network namespace
 *	packet_out	the same verdict on what really leaves: what a caller named is not always where a packet goes
 *	packet_in	who may reach a server inside
 *
 * A datagram's sender learns of packet_out's verdict (EPERM), so sendmsg has no program. A flow is judged once, by its
 * first packet: a connected socket goes on after its entry has gone. All containers of a host share these programs; what
 * is a container's own is found by the storage of the cgroup that they were attached to.
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/in6.h>

#include "runtime/egress/abi.h"

#define SECTION(name) __attribute__((section(name), used))
#define PROGRAM       SECTION("programs")
#define INLINE        static inline __attribute__((always_inline))

/* Their shapes are the loader's business; here each is an address that it fills in. */
struct map {
	int unused;
};
struct map settings SECTION("maps"), places SECTION("maps"), ports SECTION("maps");
struct map sockets SECTION("maps"), peers SECTION("maps");

/* A call of the kernel by number: each compiler has its own word for it. */
#ifdef __clang__
#define HELPER(type, name, ...) static type (*const name)(__VA_ARGS__) = (void *)BPF_FUNC_##name
#else
#define HELPER(type, name, ...) \
	type name(__VA_ARGS__) __attribute__((kernel_helper(BPF_FUNC_##name)))
#endif
HELPER(void *, map_lookup_elem, void *map, const void *key);
HELPER(long, map_update_elem, void *map, const void *key, const void *value, __u64 flags);
HELPER(long, skb_load_bytes, const void *skb, __u32 at, void *to, __u32 len);
HELPER(void *, get_local_storage, void *map, __u64 flags);
HELPER(__u64, get_netns_cookie, void *ctx);
HELPER(void *, sk_storage_get, void *map, void *sk, void *init, __u64 flags);
HELPER(struct bpf_sock *, sk_fullsock, struct bpf_sock *sk);
HELPER(struct bpf_sock *, sk_lookup_tcp, void *ctx, void *tuple, __u32 size, __u64 netns,
       __u64 flags);
HELPER(struct bpf_sock *, sk_lookup_udp, void *ctx, void *tuple, __u32 size, __u64 netns,
       __u64 flags);
HELPER(long, sk_release, void *sk);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NET16(x) ((__u16)__builtin_bswap16(x))
#define NET32(x) ((__u32)__builtin_bswap32(x))
#else
#define NET16(x) ((__u16)(x))
#define NET32(x) ((__u32)(x))
#endif

/* A verifier lets a context be read by whole fields alone, which compilers keep to only when they are told. */
#define READ(x) (*(volatile typeof(x) *)&(x))

/* A verifier lets a pointer that may be null be compared, and not be calculated with: so this is a branch. */
INLINE int is_there(const void *p)
{
	int ret = 0;

	if (p) {
		ret = 1;
		__asm__ volatile("" : "+r"(ret));
	}
	return ret;
}

enum { DENY, ALLOW };
enum { ETH_IPV4 = 0x0800, ETH_IPV6 = 0x86dd, LOOPBACK_DEVICE = 1 };
enum { SOCK_RAW_TYPE = 3 };
enum { PORT_DNS = 53, PORT_DNS_TLS = 853 };
enum { TCP_FLAG_SYN = 0x02, TCP_FLAG_ACK = 0x10 };

/* One end of a flow. */
struct end {
	__u32 addr[4]; /* network order */
	__be16 port;
};

INLINE void end_v4(struct end *e, __u32 addr, __be16 port)
{
	e->addr[0] = 0;
	e->addr[1] = 0;
	e->addr[2] = NET32(0xffff);
	e->addr[3] = addr;
	e->port = port;
}

INLINE int is_v4(const struct end *e)
{
	return e->addr[0] == 0 && e->addr[1] == 0 && e->addr[2] == NET32(0xffff);
}

INLINE int is_loopback(const struct end *e)
{
	if (is_v4(e))
		return (e->addr[3] & NET32(0xff000000)) == NET32(0x7f000000);
	return e->addr[0] == 0 && e->addr[1] == 0 && e->addr[2] == 0 && e->addr[3] == NET32(1);
}

INLINE struct egress_settings *own(void)
{
	return get_local_storage(&settings,
				 0); /* never nothing: the kernel makes it at the attachment */
}

/* The entry that opens @port of @group; 0: none. */
INLINE __u32 port_entry(__u16 group, __u8 protocol, __be16 port)
{
	struct egress_port key = { .bits = EGRESS_PORT_BITS + 16,
				   .policy = own()->policy,
				   .group = group,
				   .protocol = protocol,
				   .port = port };
	__u32 *entry = map_lookup_elem(&ports, &key);

	return entry ? *entry : 0;
}

/* An address that embeds one of IPv4 is another way to it, and judged as it: NAT64 (RFC 6052), 6to4 (RFC 3056). */
INLINE void unwrap(const struct end *e, __u8 *addr)
{
	__u32 v4 = 0;

	__builtin_memcpy(addr, e->addr, sizeof(e->addr));
	if (e->addr[0] == NET32(0x0064ff9b) && e->addr[1] == 0 && e->addr[2] == 0)
		v4 = e->addr[3];
	else if ((e->addr[0] & NET32(0xffff0000)) == NET32(0x20020000))
		__builtin_memcpy(&v4, addr + 2, sizeof(v4));
	else
		return;
	__builtin_memset(addr, 0, 10);
	__builtin_memset(addr + 10, 0xff, 2);
	__builtin_memcpy(addr + 12, &v4, sizeof(v4));
}

INLINE __u32 place_entry(const struct end *to, __u8 protocol)
{
	struct egress_place key = { .bits = EGRESS_PLACE_BITS + 128, .policy = own()->policy };
	__u32 *group;

	unwrap(to, key.addr);
	group = map_lookup_elem(&places, &key);
	return group && *group != EGRESS_CLOSED ? port_entry((__u16)*group, protocol, to->port) : 0;
}

/*
 * A packet from @from to @to would meet a socket of this container in this network namespace, or nobody's: not a
 * neighbour's, which on loopback are the other containers of a pod and resolvers of engines. Where a resolver is
 * expected nobody's is not enough: a rule of the engine can lead from there to its own.
 */
INLINE int meets_own(void *ctx, const struct end *from, const struct end *to, __u8 protocol)
{
	struct bpf_sock_tuple t = { 0 };
	struct egress_socket *socket;
	struct bpf_sock *sk;
	__u32 size = sizeof(t.ipv6);
	int ours;

	if (is_v4(to)) {
		size = sizeof(t.ipv4);
		t.ipv4.saddr = from->addr[3];
		t.ipv4.daddr = to->addr[3];
		t.ipv4.sport = from->port;
		t.ipv4.dport = to->port;
	} else {
		__builtin_memcpy(t.ipv6.saddr, from->addr, sizeof(t.ipv6.saddr));
		__builtin_memcpy(t.ipv6.daddr, to->addr, sizeof(t.ipv6.daddr));
		t.ipv6.sport = from->port;
		t.ipv6.dport = to->port;
	}
	if (protocol == IPPROTO_TCP)
		sk = sk_lookup_tcp(ctx, &t, size, (__u64)BPF_F_CURRENT_NETNS, 0);
	else
		sk = sk_lookup_udp(ctx, &t, size, (__u64)BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return to->port != NET16(PORT_DNS) && to->port != NET16(PORT_DNS_TLS);
	socket = sk_storage_get(&sockets, sk, 0, 0);
	ours = socket && socket->policy == own()->policy;
	sk_release(sk);
	return ours;
}

/* An outsider that was let in to a UDP server, and so may be answered. */
INLINE int was_let_in(const struct end *to, __be16 own_port)
{
	struct egress_peer key = { .policy = own()->policy,
				   .port = to->port,
				   .own_port = own_port };

	__builtin_memcpy(key.addr, to->addr, sizeof(key.addr));
	return is_there(map_lookup_elem(&peers, &key));
}

/* ---- what a caller asks for ---- */

INLINE int judge_call(struct bpf_sock_addr *ctx, const struct end *to)
{
	__u8 protocol = (__u8)READ(ctx->protocol);
	struct end anyone = { 0 };

	/* getaddrinfo() asks for a route so, and sends nothing; packet_out drops what goes to port 0 */
	if (protocol == IPPROTO_UDP && to->port == 0)
		return ALLOW;
	if (place_entry(to, protocol))
		return ALLOW;
	if (is_loopback(to)) {
		if (is_v4(to))
			end_v4(&anyone, NET32(0x7f000001), 0);
		else
			anyone.addr[3] = NET32(1);
		if (meets_own(ctx, &anyone, to, protocol))
			return ALLOW;
	}
	if (protocol != IPPROTO_UDP || !ctx->sk)
		return DENY;
	return was_let_in(to, NET16(ctx->sk->src_port)) ? ALLOW : DENY;
}

INLINE int judge_call_v4(struct bpf_sock_addr *ctx)
{
	struct end to;

	end_v4(&to, ctx->user_ip4, (__be16)READ(ctx->user_port));
	return judge_call(ctx, &to);
}

INLINE int judge_call_v6(struct bpf_sock_addr *ctx)
{
	struct end to;

	to.addr[0] = ctx->user_ip6[0];
	to.addr[1] = ctx->user_ip6[1];
	to.addr[2] = ctx->user_ip6[2];
	to.addr[3] = ctx->user_ip6[3];
	to.port = (__be16)READ(ctx->user_port);
	return judge_call(ctx, &to);
}

PROGRAM int connect4(struct bpf_sock_addr *ctx)
{
	return judge_call_v4(ctx);
}

PROGRAM int connect6(struct bpf_sock_addr *ctx)
{
	return judge_call_v6(ctx);
}

/* A socket of another network namespace would be judged by this one's addresses, and there they can belong to anyone. */
PROGRAM int sock_create(struct bpf_sock *ctx)
{
	struct egress_settings *s = own();
	struct egress_socket init = { .policy = s->policy };

	if (s->policy == 0 || ctx->type == SOCK_RAW_TYPE ||
	    get_netns_cookie(ctx) != s->netns_cookie)
		return DENY;
	switch (ctx->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return is_there(sk_storage_get(&sockets, ctx, &init, BPF_SK_STORAGE_GET_F_CREATE));
	}
	return DENY;
}

/* ---- what really goes over the wire ---- */

struct packet {
	struct end from, to;
	__u8 protocol;
	__u8 type;  /* ICMP */
	__u8 flags; /* TCP */
};

/* Options of IPv4 can lead a packet elsewhere, so can extension headers; a fragment has no ports. None has a use here. */
INLINE int parse_v4(struct __sk_buff *skb, struct packet *p)
{
	__u8 h[20] __attribute__((aligned(4)));

	if (skb_load_bytes(skb, 0, h, sizeof(h)) < 0 || h[0] != 0x45 || (h[6] & 0x3f) || h[7])
		return 0;
	p->protocol = h[9];
	end_v4(&p->from, *(__u32 *)(h + 12), 0);
	end_v4(&p->to, *(__u32 *)(h + 16), 0);
	return 1;
}

INLINE int parse_v6(struct __sk_buff *skb, struct packet *p)
{
	__u8 h[40] __attribute__((aligned(4)));

	if (skb_load_bytes(skb, 0, h, sizeof(h)) < 0)
		return 0;
	p->protocol = h[6];
	__builtin_memcpy(p->from.addr, h + 8, sizeof(p->from.addr));
	__builtin_memcpy(p->to.addr, h + 24, sizeof(p->to.addr));
	return 1;
}

INLINE int parse(struct __sk_buff *skb, struct packet *p)
{
	__u8 h[14] __attribute__((aligned(4)));
	__u32 at = 20;

	if (skb->protocol == NET16(ETH_IPV4)) {
		if (!parse_v4(skb, p))
			return 0;
	} else if (skb->protocol == NET16(ETH_IPV6)) {
		if (!parse_v6(skb, p))
			return 0;
		at = 40;
	} else {
		return 0;
	}
	p->from.port = p->to.port = 0;
	p->type = p->flags = 0;
	switch (p->protocol) {
	case IPPROTO_TCP:
		if (skb_load_bytes(skb, at, h, 14) < 0)
			return 0;
		p->flags = h[13];
		break;
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (skb_load_bytes(skb, at, h, 4) < 0)
			return 0;
		p->type = h[0];
		break;
	default:
		return 0;
	}
	if (p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_UDP) {
		p->from.port = *(__be16 *)h;
		p->to.port = *(__be16 *)(h + 2);
	}
	return 1;
}

/* @sk is connected to @end: that was judged when it connected, or it came in by what `listen' opens. */
INLINE int is_peer(struct bpf_sock *sk, const struct end *end)
{
	/* all of them, whatever the family: so each is read at its own fixed offset */
	const __u32 v4 = READ(sk->dst_ip4), v6[] = { READ(sk->dst_ip6[0]), READ(sk->dst_ip6[1]),
						     READ(sk->dst_ip6[2]), READ(sk->dst_ip6[3]) };

	if (READ(sk->dst_port) != end->port)
		return 0;
	if (is_v4(end))
		return v4 == end->addr[3];
	return v6[0] == end->addr[0] && v6[1] == end->addr[1] && v6[2] == end->addr[2] &&
	       v6[3] == end->addr[3];
}

/* The first packet of a flow, or one of a socket that is not connected. */
INLINE int may_start(struct __sk_buff *skb, const struct packet *p)
{
	if (place_entry(&p->to, p->protocol))
		return 1;
	if (p->protocol != IPPROTO_TCP && p->protocol != IPPROTO_UDP)
		return 0;
	if (is_loopback(&p->to) && meets_own(skb, &p->from, &p->to, p->protocol))
		return 1;
	return p->protocol == IPPROTO_UDP && was_let_in(&p->to, p->from.port);
}

INLINE int may_leave(struct __sk_buff *skb, const struct packet *p)
{
	struct bpf_sock *sk = skb->sk;
	const int start = p->protocol == IPPROTO_TCP && (p->flags & TCP_FLAG_SYN);

	if (sk)
		sk = sk_fullsock(sk);
	if (start && (p->flags & TCP_FLAG_ACK))
		return 1; /* to whom packet_in let in */
	if (p->protocol == IPPROTO_TCP && !start)
		return sk && is_peer(sk, &p->to);
	if (p->protocol == IPPROTO_UDP) {
		if (p->to.port == 0)
			return 0;
		if (sk && !is_loopback(&p->to) && is_peer(sk, &p->to))
			return 1;
	}
	return may_start(skb, p);
}

/*
 * A network namespace that was made in the group has its kernel's own sockets there, which look for neighbours and report
 * multicast groups. They are raw ones, as no other socket in the group is.
 */
INLINE int is_kernels(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (sk)
		sk = sk_fullsock(sk);
	return sk && READ(sk->type) == SOCK_RAW_TYPE;
}

PROGRAM int packet_out(struct __sk_buff *skb)
{
	struct packet p;

	if (is_kernels(skb))
		return ALLOW;
	if (!parse(skb, &p))
		return DENY;
	return may_leave(skb, &p) ? ALLOW : DENY;
}

INLINE int let_in(const struct packet *p)
{
	struct egress_peer key = { .policy = own()->policy,
				   .port = p->from.port,
				   .own_port = p->to.port };
	__u8 one = 1;

	if (p->protocol != IPPROTO_UDP)
		return 1;
	__builtin_memcpy(key.addr, p->from.addr, sizeof(key.addr));
	return map_update_elem(&peers, &key, &one, BPF_ANY) == 0;
}

INLINE int may_enter(struct __sk_buff *skb, const struct packet *p)
{
	struct bpf_sock *sk = skb->sk;
	struct egress_settings *s = own();

	if (p->protocol == IPPROTO_ICMP || p->protocol == IPPROTO_ICMPV6)
		return 1; /* answers to a ping that was let out: nothing else reaches a socket */
	if (p->protocol == IPPROTO_TCP &&
	    (p->flags & (TCP_FLAG_SYN | TCP_FLAG_ACK)) != TCP_FLAG_SYN)
		return 1;
	if (skb->ifindex == LOOPBACK_DEVICE) {
		if (s->flags & (EGRESS_LISTEN_LOOPBACK | EGRESS_LISTEN_ANY))
			return let_in(p);
		return meets_own(skb, &p->to, &p->from, p->protocol);
	}
	if (p->protocol == IPPROTO_UDP) {
		if (sk)
			sk = sk_fullsock(sk);
		if ((sk && is_peer(sk, &p->from)) || place_entry(&p->from, IPPROTO_UDP))
			return 1;
	}
	if ((s->flags & EGRESS_LISTEN_ANY) || port_entry(EGRESS_LISTENED, p->protocol, p->to.port))
		return let_in(p);
	return 0;
}

PROGRAM int packet_in(struct __sk_buff *skb)
{
	struct packet p;

	if (!parse(skb, &p))
		return DENY;
	return may_enter(skb, &p) ? ALLOW : DENY;
}
