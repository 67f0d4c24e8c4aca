#pragma once

#include "facts.h"
#include "plan.h"

/*
 * A mount namespace of our own that no mount leaves. Everything staged dies with it, so nothing is ever cleaned up, and
 * runc's copy of it for the container's user namespace locks the flags of every mount in it.
 */
void enter_private_mounts(void);

/*
 * Carries out the plan; `bundle` is the open bundle directory. Changes the working directory. After it, runc may be started.
 */
void carry_out(const struct plan *plan, struct source *sources, int bundle);
