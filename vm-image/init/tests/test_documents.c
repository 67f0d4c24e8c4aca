/* Documents on disks of the VM: what is announced has to be there. This machine has no disk of ours. */
#include <string.h>

#include "check.h"
#include "document_disks.h"
#include "log.h"

#define SOON_MS 20

int main(void)
{
    int kept[KEPT_COUNT], authority = -1;
    char detail[160] = "";

    for (size_t i = 0; i < KEPT_COUNT; i++)
        kept[i] = -1;
    CHECK(keep_documents("quiet bulkhead.policy-serial=3", uptime_ms() + SOON_MS, kept, &authority, detail));
    CHECK(kept[KEPT_POLICY] == -1 && kept[KEPT_SETTINGS] == -1 && authority == -1 && detail[0] == '\0');

    int64_t before = uptime_ms();
    CHECK(!keep_documents("bulkhead.policy=512", before + SOON_MS, kept, &authority, detail));
    CHECK(uptime_ms() >= before + SOON_MS && strcmp(detail, "no virtio disk with serial bulkhead-policy") == 0);
    CHECK(!keep_documents("bulkhead.settings=2", uptime_ms() + SOON_MS, kept, &authority, detail));
    CHECK(strcmp(detail, "no virtio disk with serial bulkhead-settings") == 0);
    CHECK(!keep_documents("bulkhead.registry=9", uptime_ms() + SOON_MS, kept, &authority, detail));
    CHECK(strcmp(detail, "no virtio disk with serial bulkhead-registry") == 0);
    CHECK(!keep_documents("bulkhead.publishers=9", uptime_ms() + SOON_MS, kept, &authority, detail));
    CHECK(strcmp(detail, "no virtio disk with serial bulkhead-publishers") == 0);
    CHECK(!keep_documents("bulkhead.shares=12", uptime_ms() + SOON_MS, kept, &authority, detail));
    CHECK(strcmp(detail, "no virtio disk with serial bulkhead-shares") == 0);
    CHECK(!keep_documents("bulkhead.authority=700", uptime_ms() + SOON_MS, kept, &authority, detail));
    CHECK(authority == -1 && strcmp(detail, "no virtio disk with serial bulkhead-authority") == 0);
    CHECK(!keep_documents("bulkhead.policy=512 bulkhead.policy=512", uptime_ms() + SOON_MS, kept, &authority, detail));
    CHECK(strcmp(detail, "malformed bulkhead.policy on the kernel command line") == 0);
    puts("ok documents");
    return 0;
}
