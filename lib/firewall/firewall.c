/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <unistd.h>

#include "firewall/firewall.h"
#include "firewall/reference.h"
#include "value/scope.h"

static const struct backend *const backends[] = { &nftables_backend, &iptables_backend };

static bool may_keep(const struct backend *backend, const struct claim *claim)
{
	return claim->backend == BACKEND_ANY || claim->backend == backend->is;
}

/*
 * kube-proxy with IPVS gives the host the address of every Service, on this link. So that host
 * ports leave those alone, its first rule of iptables accepts what goes there; chains of nftables'
 * own do not stop at that.
 */
static bool host_has_services(void)
{
	return access("/proc/sys/net/ipv4/conf/kube-ipvs0", F_OK) == 0;
}

struct reasons {
	char text[1200];
	size_t len;
};

static void add_reason(struct reasons *reasons, const char *reason)
{
	int n = snprintf(reasons->text + reasons->len, sizeof(reasons->text) - reasons->len, "%s%s",
			 reasons->len ? "; " : "", reason);

	reasons->len += n > 0 ? (size_t)n : 0;
	if (reasons->len >= sizeof(reasons->text))
		reasons->len = sizeof(reasons->text) - 1;
}

typedef int backend_fn(struct firewall *fw, const struct claim *claim, struct error *err);

enum verb_by { BY_PUT, BY_READY };

/* By the first backend that can. Which could not, and why, is in what goes wrong with another. */
static int by_one(struct firewall *fw, const struct claim *claim, enum verb_by verb,
		  struct error *err)
{
	bool turned = claim->sort == CLAIM_HOSTPORT && host_has_services();
	struct reasons reasons = { .text = "" };

	for (size_t i = 0; i < COUNT(backends); i++) {
		const struct backend *backend = backends[turned ? COUNT(backends) - 1 - i : i];
		backend_fn *const verbs[] = { backend->put, backend->ready };
		int r;

		if (!may_keep(backend, claim))
			continue;
		r = verbs[verb](fw, claim, err);
		if (r < 0 && reasons.len)
			error_detail(err, " (%s was used because of: %s)", backend->name,
				     reasons.text);
		if (r == 0 && reasons.len && verb == BY_READY)
			fprintf(stderr, "%s keeps the %s, because of: %s\n", backend->name,
				claim_sorts[claim->sort], reasons.text);
		if (r <= 0)
			return r;
		add_reason(&reasons, fw->why_not);
	}
	error_set(err, CNI_NOT_AVAILABLE, "no firewall can keep the %s", claim_sorts[claim->sort]);
	error_detail(err, "%s", reasons.text);
	return -1;
}

int firewall_ready(struct firewall *fw, const struct claim *claim, struct error *err)
{
	return by_one(fw, claim, BY_READY, err);
}

/* A host port has one holder, whoever keeps it: a node whose nft was missing for a while has both.
 */
static int refuse_taken(struct firewall *fw, const struct claim *claim, struct error *err)
{
	const struct claim_of of = { claim->sort, claim->owner };
	struct error ignored;

	for (size_t i = 0; i < COUNT(backends) && claim->sort == CLAIM_HOSTPORT; i++)
		if (backends[i]->look_for_holder(fw, claim, err) < 0) {
			firewall_remove(fw, &of, &ignored);
			return -1;
		}
	return 0;
}

/* Looked for afterwards, so that of two at once at most one stays. */
int firewall_put(struct firewall *fw, const struct claim *claim, struct error *err)
{
	return by_one(fw, claim, BY_PUT, err) < 0 ? -1 : refuse_taken(fw, claim, err);
}

/* From everywhere, whatever the configuration says now. */
int firewall_remove(struct firewall *fw, const struct claim_of *of, struct error *err)
{
	struct error one;

	*err = (struct error){ 0 };
	for (size_t i = 0; i < COUNT(backends); i++)
		if (backends[i]->remove(fw, of, &one) < 0)
			error_join(err, &one);
	if (reference_remove(fw, of, &one) < 0)
		error_join(err, &one);
	return err->code ? -1 : 0;
}

int firewall_sweep(struct firewall *fw, enum claim_sort sort, const struct attachments *valid,
		   struct error *err)
{
	struct error one;

	*err = (struct error){ 0 };
	for (size_t i = 0; i < COUNT(backends); i++)
		if (backends[i]->sweep(fw, sort, valid, &one) < 0)
			error_join(err, &one);
	if (reference_sweep(fw, sort, valid, &one) < 0)
		error_join(err, &one);
	return err->code ? -1 : 0;
}

/* Of those that may keep a claim, the one that does, as the journal knows; else the first. */
static const struct backend *keeper(struct firewall *fw, const struct claim *claim)
{
	const struct backend *first = NULL, *found = NULL;
	struct error ignored;
	bool there = journal_lock_if_there(&fw->journal, LOCK_SHARED, &ignored) == 0;

	for (size_t i = 0; i < COUNT(backends); i++) {
		const struct journal_pod pod = { claim->owner, claim_sorts[claim->sort],
						 backends[i]->text };

		if (!may_keep(backends[i], claim))
			continue;
		first = first ? first : backends[i];
		if (there && !found && journal_has(&fw->journal, &pod, &ignored) == 0)
			found = backends[i];
	}
	journal_unlock(&fw->journal);
	return found ? found : first;
}

int firewall_check(struct firewall *fw, const struct claim *claim, struct error *err)
{
	return keeper(fw, claim)->check(fw, claim, err);
}

int firewall_restore(struct firewall *fw, struct error *err)
{
	for (size_t i = 0; i < COUNT(backends); i++)
		if (backends[i]->restore(fw, err) < 0)
			return -1;
	return 0;
}

void firewall_close(struct firewall *fw)
{
	journal_close(&fw->journal);
	nft_close(&fw->nft);
}
