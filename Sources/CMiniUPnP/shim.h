#pragma once
#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>

// Since API 18 (miniupnpc 2.2.8) the router's outside address is asked for on the way, and 2 says that it is a private one.
static inline int tessera_get_valid_igd(
    struct UPNPDev *devices, struct UPNPUrls *urls, struct IGDdatas *data, char *own, int own_size
) {
#if MINIUPNPC_API_VERSION >= 18
    return UPNP_GetValidIGD(devices, urls, data, own, own_size, NULL, 0);
#else
    return UPNP_GetValidIGD(devices, urls, data, own, own_size);
#endif
}
