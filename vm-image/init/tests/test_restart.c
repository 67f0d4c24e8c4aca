#include "check.h"
#include "restart.h"

int main(void)
{
    static const int PAUSES[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000};
    struct restart restart = {0};
    int64_t now = 500;

    for (size_t i = 0; i < sizeof(PAUSES) / sizeof(PAUSES[0]); i++) {
        restart_started(&restart, now);
        CHECK(restart.due == 0);
        CHECK(restart_ended(&restart, now + 10) == PAUSES[i] && restart.due == now + 10 + PAUSES[i]);
        now = restart.due;
    }
    restart_started(&restart, now);
    CHECK(restart_ended(&restart, now + 59999) == 30000);
    restart_started(&restart, now);
    CHECK(restart_ended(&restart, now + 60000) == 1000);
    puts("ok restart");
    return 0;
}
