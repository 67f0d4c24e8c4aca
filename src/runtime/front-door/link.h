#pragma once

#include "wire.h"

/* Connects to bulkheadd; from here on one deadline (BH_DEADLINE_MS) covers the whole exchange. */
int link_connect(void);

/* Sends a finished message and frees it. */
void link_send(int link, struct builder *builder);

/* Receives one message; its memory lives until exec. */
struct message link_receive(int link);
